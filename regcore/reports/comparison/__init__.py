"""Rates and accuracies of several devices side by side, every cell traced to its file."""
