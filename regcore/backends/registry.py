"""Which backend opens a model, by the model's name; other distributions can bring backends.

regcore's own are listed here. Others register a ModelKind as an entry point of the group
`regcore.backends`, and are looked for where none of these opens a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from regcore.backends.kind import ModelKind, OpenOptions
from regcore.backends.protocol import Backend
from regcore.errors import BackendError, UsageError, first_line
from regcore.models.build_record import read_record
from regcore.models.metadata import ModelMetadata

GROUP = "regcore.backends"
_WEIGHTS = (".pth", ".pt", ".safetensors")
_OWN = ("onnxruntime", "openvino", "ascend", "tensorrt", "pytorch", "simulated")


def open_backend(
    model: str | Path,
    *,
    provider: str | None = None,
    threads: int | None = None,
    output: str | None = None,
    devices: Sequence[int] | None = None,
    allow_fallback: bool = False,
    precision: str | None = None,
    copies: int | None = None,
) -> Backend:
    """Opens a model.

    model: a file `.onnx`, `.om`, or `.engine` (`.plan`); `openvino:FILE.onnx`, or OpenVINO's own
        `FILE.xml`; `torch:MODEL[.TAG][:WEIGHTS]`, timm's model itself, or `torch-half:...`;
        `simulated:RATE[:CLASSES]` for tests and measurements.
    provider: where an ONNX model runs (`cpu`, `cuda`, `tensorrt`, `cann`, a plugin's name, or the
        runtime's own), one of OpenVINO (`cpu`, `gpu`, `gpu:1`, `npu`, `auto`), or timm's (`cpu`,
        `cuda`, `npu`). threads: of the runtime, its own choice by default.
    output: the name of the scores.
    devices: the numbers of those on which an `.om` or `.engine` runs, batches in turn; 0 by
        default.
    allow_fallback: whether what an ONNX model's provider does not take may run on the CPU.
    precision: `tf32`, `hf32`, `bfloat16` or `float16`, in which the device may then compute
        float32; by default it computes float32 as such.
    copies: of an `.om`, loaded on each device; 2 by default: one computes while the other is fed.
    Raises BackendError where the model, the runtime or the provider cannot be had.
    """
    kind = kind_of(model)
    if kind is None:
        *others, last = (one.spelling for one in kinds())
        raise BackendError(
            f"{model}: regcore cannot run such a model{_export_advice(model)}; MODEL is "
            f"{', '.join(others)} or {last}"
        )
    choices = {
        "provider": provider,
        "devices": devices,
        "output": output,
        "precision": precision,
        "copies": copies,
    }
    for name, value in choices.items():
        if value is not None and name not in kind.choices:
            raise BackendError(f"{model}: has no choice of {name}")
    options = OpenOptions(provider, threads, output, devices, allow_fallback, precision, copies)
    return kind.open(str(model), options)


def read_metadata(model: Path) -> ModelMetadata:
    """What a model file, or the record beside it, says of the model.

    Raises UsageError where it says nothing.
    """
    kind = kind_of(model)
    if kind is not None and kind.metadata is not None:
        found = kind.metadata(model)
    else:
        record = read_record(model)
        found = record.metadata(model) if record else None
    if found is None:
        raise UsageError(f"{model}: does not say how it wants its images; give --recipe instead")
    return found


def kind_of(model: str | Path) -> ModelKind | None:
    """The kind of a model, by its prefix or suffix; None for an unknown one.

    Where several fit, the first does: regcore's own go first, and their prefixes before suffixes.
    Raises BackendError where none fits, and a backend of another distribution, which may be the
    one for it, does not load.
    """
    suffix = Path(model).suffix.lower()
    prefix, colon, _ = str(model).partition(":")
    if colon:
        for kind in _own_kinds():
            if prefix in kind.prefixes:
                return kind
    for kind in kinds():
        if suffix in kind.suffixes or (colon and prefix in kind.prefixes):
            return kind
    return None


def _own_kinds() -> Iterator[ModelKind]:
    for name in _OWN:
        yield import_module(f"regcore.backends.{name}.kind").KIND


def kinds() -> Iterator[ModelKind]:
    """All kinds of models, regcore's own first.

    Raises BackendError, after all others, for a backend that does not load.
    """
    yield from _own_kinds()
    broken: BackendError | None = None
    for point in entry_points(group=GROUP):
        try:
            kind = _loaded(point)
        except BackendError as error:
            broken = broken or error
            continue
        yield kind
    if broken is not None:
        raise broken


@cache
def _loaded(point: EntryPoint) -> ModelKind:
    owner = f" of {point.dist.name}" if point.dist is not None else ""
    try:
        found = point.load()
    except Exception as error:  # it is code of others
        raise BackendError(
            f"the backend {point.name}{owner} does not load: "
            f"{type(error).__name__}: {first_line(error)}"
        ) from error
    if not isinstance(found, ModelKind):
        raise BackendError(
            f"the backend {point.name}{owner} registers no ModelKind ({point.value})"
        )
    return found


def _export_advice(model: str | Path) -> str:
    """What to do with a file of weights, which is no model yet."""
    if not str(model).endswith(_WEIGHTS):
        return ""
    return f" (it has weights only: 'regcore export NAME.TAG {model} model.onnx' makes one of them)"
