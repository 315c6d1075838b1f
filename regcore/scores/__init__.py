"""Scores of many classes: top-k, ranks, and the metrics that count them."""
