"""Options of the commands that run a model."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from regcore.api.options import DEFAULT_BATCH_SIZE, LARGEST_BATCH_SIZE
from regcore.backends.precisions import PRECISIONS
from regcore.cli.options import FiniteFloat
from regcore.inference.device_timeout import DEVICE_TIMEOUT


def device_numbers(text: str) -> tuple[int, ...]:
    """The type of --device: numbers, each once, with commas between them."""
    if re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4})*", text):
        numbers = tuple(map(int, text.split(",")))
        if len(set(numbers)) == len(numbers):
            return numbers
    raise click.BadParameter(f"{text!r} is not a list of different devices such as 0,1,2,3")


_DEVICE_OPTIONS = (
    click.option(
        "--batch-size",
        type=click.IntRange(1, LARGEST_BATCH_SIZE),
        help=f"Images to a batch.  [default: the model's own, or {DEFAULT_BATCH_SIZE}]",
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
        help="Where ONNX and torch models run: cpu (default), cuda, cuda:1; ONNX: tensorrt, cann, "
        "a plugin's name (openvino for the package onnxruntime-ep-openvino); "
        "OpenVINO: cpu (default), gpu, npu, or auto, its own choice.",
    ),
    click.option(
        "--allow-fallback",
        is_flag=True,
        help="Parts of an ONNX model that its provider does not take may run on the CPU.",
    ),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        help="Let the device compute float32 in this; faster, and other scores.",
    ),
    click.option(
        "--copies",
        type=click.IntRange(1, 4),
        help="Copies of an .om on each device.  [default: 2, of which one computes while the other "
        "is fed; 1 takes half of the device's memory]",
    ),
    click.option("--output", help="The model's output with the scores, where it has several."),
    click.option(
        "--device-timeout",
        type=FiniteFloat(min=0, min_open=True),
        default=DEVICE_TIMEOUT,
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
    """Gives a command the options that say how a model is run, named as in regcore.api.options."""
    for option in reversed(_DEVICE_OPTIONS):
        command = option(command)
    return command
