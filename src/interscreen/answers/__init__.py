"""One question, one file; every question runs over candidates and over samples of the energies."""
