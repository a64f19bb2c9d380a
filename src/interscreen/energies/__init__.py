"""What an energy is: as tabulated, and with its error model."""
