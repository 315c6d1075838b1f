"""Tiny .om files for the emulated Ascend, as the stand-in of atc writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from om_file import write_om
from onnx_models import save_model

#: Of a recipe with mean 0.5 and std 0.25.
AIPP = {"min_chn": [127.5, 127.5, 127.5], "var_reci_chn": [1 / 63.75] * 3}


def save_om(
    path: Path,
    *,
    batch: int | Sequence[int] = 4,
    size: int = 8,
    aipp: bool = False,
    soc: str = "Ascend310P3",
    **model: Any,
) -> Path:
    """Writes a model of onnx_models.py as an .om.

    batch: the built-in one, or the gears. aipp: whether it takes uint8 NHWC.
    """
    source = save_model(path.with_suffix(".onnx"), size=size, **model)
    header = {
        "soc": soc,
        "batch": [batch] if isinstance(batch, int) else list(batch),
        "dynamic": not isinstance(batch, int),
        "input": "image",
        "shape": [size, size, 3] if aipp else [3, size, size],
        "dtype": "uint8" if aipp else model.get("dtype", "float32"),
        "aipp": AIPP if aipp else None,
        "precision": "force_fp16",
    }
    write_om(path, header, source.read_bytes())
    return path
