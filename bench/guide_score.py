"""The guide's vision_metric_ImageNet.py, written anew: a peer, and the oracle of the tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RANKS = 5

Scores = NDArray[Any]


def result_json(
    predictions: str | Path, label_file: str | Path, read: Callable[[str], Scores]
) -> str:
    """The text of its result, of a folder in which nothing but predictions lies."""
    with open(label_file) as file:  # noqa: PTH123
        lines = [line.strip().split(" ") for line in file]
    labels = {words[0].split(".")[0]: words[1] for words in lines}
    hits = np.zeros(RANKS)
    count = classes = 0
    for name in os.listdir(predictions):  # noqa: PTH208
        scores = read(os.path.join(predictions, name))  # noqa: PTH118
        order = np.argsort(-scores)
        count += 1
        classes = len(scores)
        image = name.split(".")[0]
        label = int(labels[image[: image.rindex("_")]])
        true = str(label + 1 if classes == 1001 else label)
        for rank in range(min(RANKS, classes)):
            if str(order[rank]) == true:
                hits[rank] += 1
                break
    rows = [("Number of images", str(count)), ("Number of classes", str(classes))]
    for rank, accuracy in enumerate(np.cumsum(hits)[:classes] / max(count, 1), start=1):
        rows.append((f"Top{rank} accuracy", str(round(np.float64(accuracy * 100), 2)) + "%"))
    values = [{"key": key, "value": value} for key, value in rows]
    return json.dumps({"title": "Overall statistical evaluation", "value": values})


def read_text(path: str) -> Scores:
    """The first line, word by word."""
    with open(path) as file:  # noqa: PTH123
        words = file.readline().strip().split(" ")
    scores = np.zeros(len(words))
    for i, word in enumerate(words):
        scores[i] = np.float32(word)
    return scores


def read_raw(path: str) -> Scores:
    """Raw float32, as the scripts beside the guide's read it."""
    return np.fromfile(path, np.float32)
