"""Options of the commands that run a model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.options import FiniteFloat
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.backends.protocol import Backend

_BATCH_SIZE = 16
_LARGEST_BATCH = 1 << 16


def device_numbers(text: str) -> tuple[int, ...]:
    """The type of --device: numbers, each once, with commas between them."""
    if re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4})*", text):
        numbers = tuple(map(int, text.split(",")))
        if len(set(numbers)) == len(numbers):
            return numbers
    raise click.BadParameter(f"{text!r} is not a list of different devices such as 0,1,2,3")


@dataclass(frozen=True)
class DeviceOptions:
    """How a model is run."""

    batch_size: int | None
    devices: tuple[int, ...] | None
    provider: str | None
    allow_fallback: bool
    output: str | None
    trace: Path | None
    device_timeout: float

    def open(self, model: str) -> Backend:
        """Opens a model; see regcore.backends.registry.open_backend."""
        from regcore.backends.registry import open_backend

        return open_backend(
            model,
            provider=self.provider,
            output=self.output,
            devices=self.devices,
            allow_fallback=self.allow_fallback,
        )

    def check_trace(self) -> None:
        """Raises OutputError where the trace cannot be written; once the output folder is made."""
        from regcore.files.atomic import check_writable

        if self.trace is not None:
            check_writable(self.trace)

    def batch_size_for(self, backend: Backend) -> int:
        """The batch size that was asked for, else the model's own, else 16 or its largest.

        Raises UsageError where the model takes no batch of the size that was asked for.
        """
        from regcore.backends.recipe_fit import static_batch

        largest = backend.max_batch or self.batch_size or _BATCH_SIZE
        if self.batch_size is not None and self.batch_size > largest:
            raise UsageError(f"--batch-size {self.batch_size}: the model takes {largest} at most")
        return self.batch_size or static_batch(backend) or min(_BATCH_SIZE, largest)


_DEVICE_OPTIONS = (
    click.option(
        "--batch-size",
        type=click.IntRange(1, _LARGEST_BATCH),
        help=f"Images to a batch.  [default: the model's own, or {_BATCH_SIZE}]",
    ),
    click.option(
        "--device",
        "devices",
        type=device_numbers,
        metavar="ID,...",
        help="The devices on which an .om or .engine runs, in turn, e.g. 0,1,2,3.  [default: 0]",
    ),
    click.option(
        "--provider",
        help="Where ONNX and torch models run: cpu (default), cuda, cuda:1; ONNX: tensorrt, cann.",
    ),
    click.option(
        "--allow-fallback",
        is_flag=True,
        help="Parts of an ONNX model that its provider does not take may run on the CPU.",
    ),
    click.option("--output", help="The model's output with the scores, where it has several."),
    click.option(
        "--device-timeout",
        type=FiniteFloat(min=0, min_open=True),
        default=600.0,
        show_default=True,
        metavar="SECONDS",
        help="A device that does not answer for so long has failed.",
    ),
)


#: For commands with device_options that run a model once.
trace_option = click.option(
    "--trace",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what every worker and the device did when, for ui.perfetto.dev.",
)


def device_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that say how a model is run, as one argument `device`."""

    @wraps(command)
    def with_device(**options: Any) -> None:  # noqa: ANN401
        given = {f.name: options.pop(f.name, None) for f in fields(DeviceOptions)}
        device = DeviceOptions(**given)
        command(**options, device=device)

    decorated: Callable[..., None] = with_device
    for option in reversed(_DEVICE_OPTIONS):
        decorated = option(decorated)
    return decorated
