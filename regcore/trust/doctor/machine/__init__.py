"""The machine: what limits it that nobody sees."""
