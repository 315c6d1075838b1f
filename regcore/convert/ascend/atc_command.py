"""The command line of Huawei's atc, which makes an .om for an Ascend of an ONNX model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from regcore.convert.ascend.aipp import check_channels
from regcore.errors import BackendError, UsageError
from regcore.models.onnx_file import OnnxFile
from regcore.recipes.recipe import Recipe

OPSETS = range(11, 19)
#: What atc does unless told otherwise.
DEFAULT_PRECISION = "force_fp16"
#: Values of --precision_mode; every atc knows those up to allow_mix_precision.
PRECISION_MODES = (
    "force_fp16",
    "force_fp32",
    "allow_fp32_to_fp16",
    "must_keep_origin_dtype",
    "allow_mix_precision",
    "cube_fp16in_fp32out",
    "allow_mix_precision_fp16",
    "allow_mix_precision_bf16",
    "allow_fp32_to_bf16",
)
#: Further values, of --precision_mode_v2, which newer ones have.
PRECISION_MODES_V2 = (
    "fp16",
    "origin",
    "mixed_float16",
    "mixed_bfloat16",
    "mixed_hif8",
    "cube_hif8",
)
LOG_LEVELS = ("debug", "info", "warning", "error", "null")

_FRAMEWORK_ONNX = 5
# How many there may be, of any chip and of an Ascend 950.
_GEARS, _GEARS_950 = range(2, 101), range(2, 257)
_LARGEST_BATCH = 2048
_CHANNELS = 3
# atc takes letters, digits, these and Chinese characters in a path.
_BAD_CHARACTER = re.compile(r"[^\w./\-]")


@dataclass(frozen=True)
class AtcJob:
    """What to build.

    soc: the chip, as in Ascend310P3. batches: one batch size, or several to choose from at run
    time. recipe: of the model, where it is known. aipp: the AIPP file to write, where the chip is
    to normalise by that recipe. precision, log: None for atc's own.
    """

    model: OnnxFile
    soc: str
    batches: tuple[int, ...]
    recipe: Recipe | None = None
    aipp: Path | None = None
    precision: str | None = None
    log: str | None = None

    def check(self) -> None:
        """Raises UsageError or BackendError for what atc would refuse, before it takes minutes."""
        modes = (*PRECISION_MODES, *PRECISION_MODES_V2)
        for option, value, known in (
            ("--precision", self.precision, modes),
            ("--log", self.log, LOG_LEVELS),
        ):
            if value is not None and value not in known:
                raise UsageError(f"{option} {value!r} is none of {', '.join(known)}")
        if self.model.opset not in OPSETS:
            raise BackendError(
                f"{self.model.path}: has opset {self.model.opset}, atc takes {OPSETS[0]} to "
                f"{OPSETS[-1]}; export it again with --opset {OPSETS[0]}"
            )
        own = (self.model.image.shape or (None,))[0]
        if own is not None and self.batches != (own,):
            raise UsageError(
                f"{self.model.path}: has a built-in batch size of {own}; "
                "for another export it without --batch"
            )
        sizes = self.batches
        gears = _GEARS_950 if self.soc.startswith("Ascend950") else _GEARS
        if len(sizes) > 1 and (len(sizes) not in gears or sorted(set(sizes)) != list(sizes)):
            raise UsageError(
                f"--dynamic-batch takes {gears[0]} to {gears[-1]} different sizes, ascending, "
                f"not {','.join(map(str, sizes))}"
            )
        if not all(1 <= size <= _LARGEST_BATCH for size in sizes):
            raise UsageError(f"a batch size for atc lies between 1 and {_LARGEST_BATCH}")
        if self.aipp is not None:
            self._check_aipp()

    def command(self, output: Path) -> list[str]:
        """The arguments of atc; it appends .om to `output`, and sometimes the platform."""
        image = self.model.image
        shape = [*self.batches[:1], *(image.shape or ())[1:]]
        if len(self.batches) > 1:
            shape[0] = -1
        arguments = [
            "atc",
            f"--framework={_FRAMEWORK_ONNX}",
            f"--model={self.model.path}",
            f"--output={output}",
            f"--input_format={'NCHW' if shape[1] == _CHANNELS else 'ND'}",
            f"--input_shape={image.name}:{','.join(map(str, shape))}",
            f"--soc_version={self.soc}",
        ]
        if len(self.batches) > 1:
            arguments.append(f"--dynamic_batch_size={','.join(map(str, self.batches))}")
        if self.aipp is not None:
            arguments.append(f"--insert_op_conf={self.aipp}")
        if self.precision is not None:
            newer = "_v2" if self.precision in PRECISION_MODES_V2 else ""
            arguments.append(f"--precision_mode{newer}={self.precision}")
        if self.log is not None:
            arguments.append(f"--log={self.log}")
        return arguments

    def with_absolute_paths(self) -> AtcJob:
        """The same job for atc in another folder."""
        model = replace(self.model, path=self.model.path.absolute())
        return replace(self, model=model, aipp=self.aipp and self.aipp.absolute())

    def _check_aipp(self) -> None:
        if self.recipe is None:
            raise UsageError(
                f"{self.model.path}: does not say how it wants its images; give --recipe"
            )
        check_channels(self.recipe)
        image, (rows, columns) = self.model.image, self.recipe.size
        if image.dtype != "float32" or (image.shape or ())[1:] != (_CHANNELS, rows, columns):
            raise UsageError(
                f"{self.model.path}: takes {image}; --aipp needs float32 [N, 3, {rows}, {columns}] "
                "by the recipe, and no fused normalisation"
            )


def check_path(path: Path) -> None:
    """Raises UsageError for a path with characters that atc refuses."""
    bad = _BAD_CHARACTER.search(str(path))
    if bad:
        raise UsageError(
            f"{path}: atc takes letters, digits and _ - . in paths, not {bad[0]!r}; rename it"
        )
