"""The compiled core, csrc, as Python calls it."""
