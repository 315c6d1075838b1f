"""Preprocessed images on disk: whole, in order, and each traceable to its source."""
