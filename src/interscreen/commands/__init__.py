"""What the command line does; each module is imported when its command runs."""
