"""Scores of a model of lower precision beside those of the model that it was made of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend
from regcore.convert.onnx.check_scores import ExportCheck

_BATCH = 8


def scores_of(path: Path, images: NDArray[Any]) -> NDArray[np.float32]:
    """The scores [n, classes] of images, as the model takes them, by ONNX Runtime on the CPU."""
    with OnnxRuntimeBackend(path) as backend:
        size = backend.inputs[0].shape[0] if backend.inputs[0].shape else None
        step = size or _BATCH
        parts = [backend.run(images[at : at + step]) for at in range(0, len(images), step)]
        return np.concatenate(parts).astype(np.float32)


def agreement(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> ExportCheck:
    """How far scores of the calibration images are from the source's."""
    return ExportCheck(
        images=len(theirs),
        what="calibration images",
        same_top1=same_best(ours, theirs),
        largest_difference=float(np.abs(ours - theirs).max()),
        largest_score=float(np.abs(theirs).max()),
    )


def same_best(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> int:
    """How many images have the same best class."""
    return int((ours.argmax(axis=1) == theirs.argmax(axis=1)).sum())


def signal_to_noise(theirs: NDArray[np.float32], ours: NDArray[np.float32]) -> float | None:
    """The source's scores to their difference, in dB; None where there is none."""
    return decibels(power(theirs), power(ours.astype(np.float64) - theirs))


def decibels(signal: float, noise: float) -> float | None:
    """The ratio of two powers in dB; None where there is no noise, or nothing else."""
    if not noise or not signal:
        return None
    return 10 * math.log10(signal / noise)


def power(values: NDArray[Any]) -> float:
    """The sum of all squares."""
    return float(np.square(values, dtype=np.float64).sum())
