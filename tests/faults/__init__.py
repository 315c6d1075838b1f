"""Faults of disks and processes for every command that writes."""
