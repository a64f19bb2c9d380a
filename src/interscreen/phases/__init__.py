"""Formula, material, equation, table of phases, hull, doubtful phases, volumes and gaps."""
