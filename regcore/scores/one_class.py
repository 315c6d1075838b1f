"""Scores of one class, as of a regression: the best class of every image is then the only one."""

from __future__ import annotations


def nothing_to_rank(scores: str) -> str:
    """What an error says of them. scores: whose they are, as the subject of a sentence."""
    return (
        f"{scores} one score per image, and of one class there is nothing to rank: a regression "
        "has no Top1, and a binary classifier with one sigmoid output needs a score for each of "
        "both classes, 1 - p and p"
    )
