"""Options of `regcore convert` that are for one kind of file alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from regcore.api.options import SOC_HELP
from regcore.cli.options import batch_sizes
from regcore.errors import UsageError

_SIZE = click.IntRange(min=1)

_OM_OPTIONS = (
    click.option("--soc", help=SOC_HELP),
    click.option("--batch", type=_SIZE, help="om: batch size.  [default: the model's own, or 1]"),
    click.option(
        "--dynamic-batch",
        type=batch_sizes,
        metavar="N,N,...",
        help="om: batch sizes to choose from at run time, as in 1,4,8,16.",
    ),
    click.option(
        "--aipp",
        is_flag=True,
        help="om: the chip normalises, by the recipe of the model; takes uint8 pixels, NHWC.",
    ),
    click.option("--recipe", metavar="RECIPE", help="om: for --aipp, instead of the model's."),
    click.option(
        "--precision",
        metavar="MODE",
        help="om: a value of atc's precision_mode or precision_mode_v2; origin keeps float32.  "
        "[default: atc's own, force_fp16]",
    ),
    click.option("--log", "atc_log", help="om: show atc's own log: debug, info, warning or error."),
    click.option("--print", "only_print", is_flag=True, help="om: only print the command."),
)
_ENGINE_OPTIONS = (
    click.option("--fp16", is_flag=True, help="engine: compute in float16 where that is faster."),
    click.option(
        "--tf32",
        is_flag=True,
        help="engine: multiply float32 with 10 bits of mantissa, which is faster on newer GPUs.",
    ),
    click.option("--batch-min", type=_SIZE, help="engine: smallest batch size.  [default: 1]"),
    click.option("--batch-opt", type=_SIZE, help="engine: best batch size.  [default: 16]"),
    click.option("--batch-max", type=_SIZE, help="engine: largest batch size.  [default: 64]"),
    click.option(
        "--timing-cache",
        type=click.Path(dir_okay=False, path_type=Path),
        help="engine: measurements kept for the next build.  [default: below ~/.cache/regcore]",
    ),
)


#: The names of the options that are for one kind of file alone.
OWN_OPTIONS = {
    "om": ("soc", "batch", "dynamic_batch", "aipp", "recipe", "precision", "atc_log", "only_print"),
    "engine": ("fp16", "tf32", "batch_min", "batch_opt", "batch_max", "timing_cache"),
}


def target_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of each kind of file, named as in regcore.api."""
    for option in reversed((*_OM_OPTIONS, *_ENGINE_OPTIONS)):
        command = option(command)
    return command


def refuse_foreign_options(ctx: click.Context, kind: str) -> None:
    """Raises UsageError for an option of another kind of file."""
    (other,) = OWN_OPTIONS.keys() - {kind}
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if name in OWN_OPTIONS[other] and source is not click.core.ParameterSource.DEFAULT:
            raise UsageError(f"{parameter.opts[0]} is for --to {other}")
