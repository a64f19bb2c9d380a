"""Linear programs over phases: arrays in, arrays out."""
