"""How fast it was, and what bounds it: rates, traces, profiles."""
