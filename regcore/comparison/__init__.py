"""Throughput of several devices side by side, every cell traced to the file that it is from."""
