"""The command line: a command and its options beside each other."""
