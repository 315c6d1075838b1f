"""From trained weights to what a device runs."""
