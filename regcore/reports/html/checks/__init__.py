"""What further commands found, in a report: their --json, put into the run's folder."""
