"""What happened: the log, its chain, its replay and its summary."""
