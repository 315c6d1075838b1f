"""Whether the tables of a guide agree with its own logs."""
