"""The Materials Project: its client, a local store, and tables from the store."""
