"""Scores of a model of lower precision beside those of the model that it was made of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend
from regcore.convert.onnx.check_scores import ExportCheck, nan_rows, same_best
from regcore.errors import BackendError

_BATCH = 8


def scores_of(path: Path, images: NDArray[Any], output: str | None = None) -> NDArray[np.float32]:
    """The scores [n, classes] of images, as the model takes them, by ONNX Runtime on the CPU.

    output: the one with the scores, where the model has several.
    """
    with OnnxRuntimeBackend(path, output=output) as backend:
        size = backend.inputs[0].shape[0] if backend.inputs[0].shape else None
        step = size or _BATCH
        parts = [backend.run(images[at : at + step]) for at in range(0, len(images), step)]
        return np.concatenate(parts).astype(np.float32)


def agreement(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> ExportCheck:
    """How far scores of the calibration images are from the source's, those that are finite."""
    return ExportCheck(
        images=len(theirs),
        what="calibration images",
        same_top1=same_best(ours, theirs),
        largest_difference=float(np.abs(difference(theirs, ours)).max()),
        largest_score=float(np.abs(np.where(np.isfinite(theirs), theirs, 0)).max()),
        nan_images=nan_rows(ours),
        original_nan_images=nan_rows(theirs),
    )


def check_finite(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
    """Raises BackendError where scores are NaN or infinite that are not so in the source."""
    lost = (np.isfinite(theirs) & ~np.isfinite(ours)).any(axis=1)
    if lost.any():
        largest = np.abs(np.where(np.isfinite(theirs), theirs, 0)).max()
        held = np.finfo(np.float16).max
        raise BackendError(
            f"its scores would be NaN or infinite on {lost.sum()} of {len(theirs)} calibration "
            f"images: float16 holds no values above {held:.0f}, "
            + (
                f"and the scores reach {largest:.0f}"
                if largest > held
                else "which nodes have; leave those in float32 with --keep"
            )
        )


def difference(theirs: NDArray[Any], ours: NDArray[Any]) -> NDArray[np.float64]:
    """What is added to the source's scores; 0 where one of both is not finite."""
    both = np.isfinite(theirs) & np.isfinite(ours)
    made: NDArray[np.float64] = np.zeros(theirs.shape, np.float64)
    np.subtract(ours, theirs, out=made, where=both, dtype=np.float64)
    return made


def signal_to_noise(theirs: NDArray[np.float32], ours: NDArray[np.float32]) -> float | None:
    """The source's scores to their difference, in dB; None where there is none."""
    return decibels(power(theirs), power(difference(theirs, ours)))


def decibels(signal: float, noise: float) -> float | None:
    """The ratio of two powers in dB; None where there is no noise, or nothing else."""
    if not noise or not signal:
        return None
    return 10 * math.log10(signal / noise)


def power(values: NDArray[Any]) -> float:
    """The sum of all squares of what is finite."""
    return float(np.square(values[np.isfinite(values)], dtype=np.float64).sum())
