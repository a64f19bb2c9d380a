"""The same questions over sampled energies: how sure a number, and a rank, can be."""
