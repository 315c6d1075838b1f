"""Predictions of a made reference on made images, and of ports of it with known faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.evaluation.predictions_csv import TopPredictions, write_predictions

CLASSES = 100

Scores = NDArray[np.float32]


def made_scores(images: int, seed: int = 0) -> tuple[Scores, NDArray[np.int64]]:
    """Scores [images, classes] of a reference of about 80 %, and the labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, images)
    scores = random.normal(size=(images, CLASSES)).astype(np.float32)
    scores[np.arange(images), labels] += 3.6
    return scores, labels


def predictions(scores: Scores, labels: NDArray[np.int64]) -> TopPredictions:
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return TopPredictions(
        tuple(f"val/{place:05}.JPEG" for place in range(len(labels))),
        labels,
        best,
        np.take_along_axis(scores, best, axis=1),
    )


def noisy(scores: Scores, size: float, seed: int = 1) -> Scores:
    """Of a port that computes in less precision: the same scores with a little noise."""
    noise = np.random.default_rng(seed).normal(scale=size, size=scores.shape)
    return (scores + noise).astype(np.float32)


def worse(scores: Scores, labels: NDArray[np.int64], points: float, seed: int = 2) -> Scores:
    """Of a port that is wrong on so many more images, in percent of all."""
    right = np.flatnonzero(scores.argmax(axis=1) == labels)
    count = round(points / 100 * len(labels))
    chosen = np.random.default_rng(seed).choice(right, count, replace=False)
    found = scores.copy()
    found[chosen, labels[chosen]] = -9
    return found


def save(path: Path, found: TopPredictions) -> Path:
    write_predictions(path, found)
    return path
