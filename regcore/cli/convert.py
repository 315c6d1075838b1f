"""regcore convert: ONNX to what a device runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import echo_line, log, print_json
from regcore.cli.convert_options import OWN_OPTIONS, refuse_foreign_options, target_options

if TYPE_CHECKING:
    from regcore.api.convert import ConvertedModel


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
@target_options
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
    refuse_foreign_options(ctx, kind)
    given = {name: options[name] for name in ("out", *OWN_OPTIONS[kind]) if name in options}
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
