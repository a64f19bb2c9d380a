"""The front door: a table of phases that is asked, and the runs that come of it."""
