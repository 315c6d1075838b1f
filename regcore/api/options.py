"""Keyword arguments that several jobs share; each is named and described once, here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from regcore.errors import UsageError
from regcore.files.arguments import as_path, shown
from regcore.images.folder_orders import FOLDER_ORDERS

if TYPE_CHECKING:
    from regcore.images.preprocessor import OnWarning
    from regcore.recipes.recipe import Recipe

DEFAULT_BATCH_SIZE = 16
LARGEST_BATCH_SIZE = 1 << 16


SOC_HELP = (
    "The Ascend chip: 'Ascend' and the Name that npu-smi info shows, as in Ascend310P3; of A3 and "
    "950 chip and NPU name, as in Ascend910_9391."
)


class RecipeOptions(TypedDict, total=False):
    """How the model wants its images.

    recipe: a Recipe or its spelling, see Recipe.parse; by default what the model itself says.
    dtype, layout ("uint8", "nhwc"): in place of the recipe's; uint8 leaves mean and std to the
    device.
    """

    recipe: str | Recipe | None
    dtype: str | None
    layout: str | None


class DeviceOptions(TypedDict, total=False):
    """How the model is run.

    batch_size: images to a batch, by default the model's own, or 16.
    devices: the numbers of those on which an .om or .engine runs, in turn; by default 0.
    provider: where ONNX and torch models run: cpu (default), cuda, cuda:1; ONNX: tensorrt, cann;
        OpenVINO: cpu (default), gpu, npu, or auto, its own choice.
    allow_fallback: parts of an ONNX model that its provider does not take may run on the CPU.
    precision: tf32, hf32, bfloat16 or float16, in which the device may compute float32; by
        default it computes float32 as such.
    copies: of an .om, loaded on each device: 2 by default, of which one computes while the other is
        fed; 1 takes half of the device's memory.
    output: the model's output with the scores, where it has several.
    device_timeout: a device that does not answer for so many seconds has failed; by default 600.
    """

    batch_size: int | None
    devices: tuple[int, ...] | None
    provider: str | None
    allow_fallback: bool
    precision: str | None
    copies: int | None
    output: str | None
    device_timeout: float


class PreprocessorOptions(TypedDict, total=False):
    """How images are preprocessed: the keyword arguments of regcore.Preprocessor."""

    workers: int | None
    full_decode: bool
    memory: int | None
    max_file_bytes: int
    max_pixels: int
    max_scans: int
    on_warning: OnWarning


class PrepareOptions(RecipeOptions, PreprocessorOptions, total=False):
    """The options of a job that prepares images."""


class ModelOptions(DeviceOptions, PrepareOptions, total=False):
    """The options of a job that runs a model on images."""


def select(options: Mapping[str, Any], form: type) -> dict[str, Any]:
    """Those of `options` that `form`, one of the classes above, names."""
    names: frozenset[str] = form.__optional_keys__  # type: ignore[attr-defined]
    return {name: value for name, value in options.items() if name in names}


def check_names(options: Mapping[str, Any], form: type) -> None:
    """Raises TypeError for an option that `form` does not name, as a call with it would."""
    for name in options.keys() - select(options, form).keys():
        raise TypeError(f"unexpected option {name!r}")


def existing(path: str | Path) -> Path:
    """The path; raises UsageError where there is nothing."""
    found = as_path("a path", path)
    if not found.exists():
        raise UsageError(f"{path}: no such file or folder")
    return found


def existing_images(images: str | Path) -> str | Path:
    """Where images are, as regcore.sources.spelling takes it; UsageError where there is nothing."""
    from regcore.sources.spelling import is_spelled

    return str(images) if is_spelled(str(images)) else existing(images)


def existing_labels(labels: str | Path | None) -> str | Path | None:
    """A label file, or an order of class folders; UsageError where there is no such file."""
    if isinstance(labels, str) and labels in FOLDER_ORDERS:
        return labels
    return None if labels is None else existing_label_file(labels, *FOLDER_ORDERS)


def existing_label_file(labels: str | Path, *words: str) -> Path:
    """The path; raises UsageError where there is nothing, and for labels themselves.

    words: what a caller may give in place of a file.
    """
    if not isinstance(labels, (str, os.PathLike)):
        instead = "".join(f", or {word!r}" for word in words)
        raise UsageError(
            f"labels must be a file (NAME INDEX a line){instead}, not {shown(labels)}: write the "
            "labels to a file"
        )
    return existing(labels)


def optional(path: str | Path | None) -> Path | None:
    """The path, if any; raises UsageError where there is nothing."""
    return None if path is None else existing(path)
