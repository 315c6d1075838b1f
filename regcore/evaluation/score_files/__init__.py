"""Scores that tools have left in files, matched with the labels of their images."""
