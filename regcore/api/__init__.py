"""The jobs of the commands as functions: one file for each, which prints nothing.

Each writes the files that its command writes, and returns a frozen dataclass, whose `to_dict` is
what the command prints with --json.
"""
