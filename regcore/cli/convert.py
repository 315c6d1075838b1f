"""regcore convert: ONNX to what a device runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.api.options import SOC_HELP
from regcore.cli.console import echo_line, log, print_json
from regcore.cli.options import batch_sizes
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.api.convert import ConvertedModel

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
    click.option("--recipe", metavar="NAME", help="om: for --aipp, instead of the model's."),
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
    click.option("--batch-min", type=_SIZE, help="engine: smallest batch size.  [default: 1]"),
    click.option("--batch-opt", type=_SIZE, help="engine: best batch size.  [default: 16]"),
    click.option("--batch-max", type=_SIZE, help="engine: largest batch size.  [default: 64]"),
    click.option(
        "--timing-cache",
        type=click.Path(dir_okay=False, path_type=Path),
        help="engine: measurements kept for the next build.  [default: below ~/.cache/regcore]",
    ),
)


_OWN_OPTIONS = {
    "om": ("soc", "batch", "dynamic_batch", "aipp", "recipe", "precision", "atc_log", "only_print"),
    "engine": ("fp16", "batch_min", "batch_opt", "batch_max", "timing_cache"),
}


def _device_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed((*_OM_OPTIONS, *_ENGINE_OPTIONS)):
        command = option(command)
    return command


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--to",
    "kind",
    required=True,
    type=click.Choice(["om", "engine"]),
    help="om for an Ascend, engine for TensorRT.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The file to write.  [default: beside MODEL]"
)
@_device_options
@click.option(
    "--force", is_flag=True, help="Replace files of these names that regcore did not write."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def convert(
    ctx: click.Context,
    /,
    *,
    model: Path,
    kind: str,
    only_print: bool,
    force: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Build what a device runs from an ONNX file, with the vendor's own compiler.

    --to om calls atc of Huawei's CANN toolkit, --to engine TensorRT's Python package or trtexec,
    for the GPU of this machine. Their log goes to stderr. Beside the result a file .om.json or
    .engine.json says what it was made of, by which version, and how it wants its images.

    \b
    Examples:
      regcore convert model.onnx --to om --soc Ascend310P3 --batch 16
      regcore convert model.onnx --to om --soc Ascend310P3 --dynamic-batch 1,4,8,16 --aipp
      regcore convert model.onnx --to engine --fp16 --batch-max 64
    """  # noqa: D301
    _refuse_foreign_options(ctx, kind)
    given = {name: options[name] for name in ("out", *_OWN_OPTIONS[kind]) if name in options}
    if only_print:
        _print_command(model, given, as_json=as_json)
        return
    converted = _convert(kind, model, given, force=force)
    if as_json:
        print_json(converted.to_dict())
    else:
        click.echo(converted.sentence())
    log(f"wrote {converted.path}")


def _print_command(model: Path, options: dict[str, Any], *, as_json: bool) -> None:
    from regcore.api.convert_om import plan_om

    plan = plan_om(model, **options, log=log)
    if as_json:
        print_json(plan.to_dict())
    else:
        click.echo(plan.script())


def _convert(kind: str, model: Path, options: dict[str, Any], *, force: bool) -> ConvertedModel:
    from regcore.api.convert_engine import convert_to_engine
    from regcore.api.convert_om import convert_to_om

    build: Callable[..., ConvertedModel] = convert_to_om if kind == "om" else convert_to_engine
    return build(model, **options, force=force, log=log, show_line=echo_line)


def _refuse_foreign_options(ctx: click.Context, kind: str) -> None:
    (other,) = _OWN_OPTIONS.keys() - {kind}
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if name in _OWN_OPTIONS[other] and source is not click.core.ParameterSource.DEFAULT:
            raise UsageError(f"{parameter.opts[0]} is for --to {other}")
