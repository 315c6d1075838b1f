"""What a backend registers: the models that it opens, its options, and what it can tell of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regcore.backends.protocol import Backend
from regcore.models.metadata import ModelMetadata
from regcore.models.tensors import TensorSpec


@dataclass(frozen=True)
class OpenOptions:
    """How a model is opened; None stands for the backend's own choice.

    provider: where it runs. threads: of the runtime. output: the name of the scores. devices: the
    numbers of those on which it runs, batches in turn. allow_fallback: whether what the provider
    does not take may run on the CPU.
    precision: one of regcore.backends.precisions in which float32 may be computed.
    copies: of the model, loaded on each device.
    """

    provider: str | None = None
    threads: int | None = None
    output: str | None = None
    devices: Sequence[int] | None = None
    allow_fallback: bool = False
    precision: str | None = None
    copies: int | None = None


class Description(Protocol):
    """What a device says of a model file. batches: see ModelKind.batches_are_a_range."""

    @property
    def image(self) -> TensorSpec:
        """The images as the device takes them."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """All outputs."""

    @property
    def batches(self) -> tuple[int, ...]:
        """The batch sizes that it takes; empty where any will do."""


@dataclass(frozen=True)
class ModelKind:
    """The models of one backend. A module that registers one imports no heavy package.

    spelling: how users name such a model, as in `FILE.onnx`.
    open: opens one; raises BackendError. choices: which of the options provider, output, devices,
        precision and copies it has; the registry refuses the others.
    suffixes: of its files, in lower case. prefixes: words before a colon, for models that are no
        files.
    metadata: what a file says of itself, None where it says nothing; by default that is in the
        record beside it.
    describe: asks the first device what a file is; None where this machine has no package to ask.
    driver: who can describe a file, in words; empty where no driver is needed.
    batches_are_a_range: whether three sizes in a description are the smallest, the best and the
        largest, and not a list to choose from.
    """

    spelling: str
    open: Callable[[str, OpenOptions], Backend]
    choices: frozenset[str]
    suffixes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    metadata: Callable[[Path], ModelMetadata | None] | None = None
    describe: Callable[[Path], Description | None] | None = None
    driver: str = ""
    batches_are_a_range: bool = False
