"""Life in a process that belongs to somebody else: its forks, signals, threads, log and files."""
