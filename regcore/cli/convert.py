"""regcore convert: ONNX to what a device runs."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regcore.cli.console import answer, tell
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.convert.atc import AtcJob
    from regcore.convert.device_model import DeviceModel
    from regcore.convert.onnx_file import OnnxFile
    from regcore.recipe import Recipe

_SOC_HELP = "The Ascend chip: 'Ascend' and the Name that npu-smi info shows, as in Ascend310P3."


class BatchSizes(click.ParamType[tuple[int, ...]]):
    """Batch sizes separated by commas."""

    name = "N,N,..."

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The sizes; see click.ParamType."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(size) for size in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list such as 1,4,8,16", param, ctx)


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "kind", required=True, type=click.Choice(["om"]), help="For an Ascend.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The file to write.  [default: beside MODEL]"
)
@click.option("--soc", help=_SOC_HELP)
@click.option(
    "--batch", type=click.IntRange(min=1), help="Batch size.  [default: the model's own, or 1]"
)
@click.option(
    "--dynamic-batch", type=BatchSizes(), help="Batch sizes to choose from at run time: 1,4,8,16."
)
@click.option(
    "--aipp",
    is_flag=True,
    help="The chip normalises, by the recipe of the model; the .om takes uint8 pixels, NHWC.",
)
@click.option("--recipe", "recipe_name", metavar="NAME", help="Instead of the model's, for --aipp.")
@click.option(
    "--precision",
    metavar="MODE",
    help="A value of atc's precision_mode or precision_mode_v2: origin keeps float32.  "
    "[default: atc's own, force_fp16]",
)
@click.option("--log", help="Show atc's own log: debug, info, warning or error.")
@click.option("--print", "only_print", is_flag=True, help="Only print the command, run nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def convert(
    *,
    model: Path,
    kind: str,
    out: Path | None,
    soc: str | None,
    batch: int | None,
    dynamic_batch: tuple[int, ...] | None,
    aipp: bool,
    recipe_name: str | None,
    precision: str | None,
    log: str | None,
    only_print: bool,
    as_json: bool,
) -> None:
    """Build what a device runs from an ONNX file, with the vendor's own compiler.

    --to om calls atc of Huawei's CANN toolkit. Its log goes to stderr. Beside the .om a file
    .om.json says what it was made of and how it wants its images.

    \b
    Examples:
      regcore convert model.onnx --to om --soc Ascend310P3 --batch 16
      regcore convert model.onnx --to om --soc Ascend310P3 --dynamic-batch 1,4,8,16 --aipp
    """  # noqa: D301
    _ = kind
    if soc is None:
        raise UsageError(f"--to om needs --soc. {_SOC_HELP}")
    from regcore.atomic import check_target
    from regcore.convert.atc import AtcJob
    from regcore.convert.om import aipp_path, convert_to_om, default_om
    from regcore.convert.onnx_file import read_onnx

    source = read_onnx(model)
    batches = _batches(source, batch, dynamic_batch)
    out = out or default_om(source, batches, aipp=aipp)
    job = AtcJob(source, soc, batches, aipp_path(out) if aipp else None, precision, log)
    job.check()
    check_target(out)
    recipe = _recipe(source, recipe_name, needed=aipp)
    if precision is None:
        tell("atc computes in float16 unless told otherwise; --precision origin keeps float32")
    if aipp and recipe is not None:
        _tell_rounding(recipe)
    if only_print:
        click.echo(_script(job, recipe, out))
        return
    built, record = convert_to_om(job, recipe, out, lambda line: click.echo(line, err=True))
    if built != out:
        tell(f"atc has bound the model to this operating system and processor: {built.name}")
    if as_json:
        answer({"path": str(built), **asdict(record)})
    else:
        click.echo(_sentence(record))
    tell(f"wrote {built}")


def _batches(
    source: OnnxFile, batch: int | None, dynamic_batch: tuple[int, ...] | None
) -> tuple[int, ...]:
    if batch is not None and dynamic_batch is not None:
        raise UsageError("either --batch or --dynamic-batch")
    own = (source.image.shape or (None,))[0]
    return dynamic_batch or (batch or own or 1,)


def _recipe(source: OnnxFile, name: str | None, *, needed: bool) -> Recipe | None:
    from regcore.recipe import Recipe

    if name is not None:
        return Recipe.preset(name)
    if source.metadata is not None:
        return source.metadata.recipe
    if needed:
        raise UsageError(f"{source.path}: does not say how it wants its images; give --recipe")
    return None


def _tell_rounding(recipe: Recipe) -> None:
    from regcore.convert.aipp import aipp_rounding

    rounding = aipp_rounding(recipe)
    constants, arithmetic = (
        " / ".join(f"{error:.2g}" for error in errors)
        for errors in (rounding.constants, rounding.arithmetic)
    )
    tell(
        f"AIPP keeps its constants as float16: normalised red / green / blue are off by up to "
        f"{constants}, and by up to {arithmetic} where it computes in float16, too"
    )


def _script(job: AtcJob, recipe: Recipe | None, out: Path) -> str:
    from regcore.convert.aipp import aipp_config

    command = shlex.join(job.command(out.with_suffix("")))
    if job.aipp is None or recipe is None:
        return command
    return f"cat > {shlex.quote(str(job.aipp))} << 'END'\n{aipp_config(recipe)}END\n{command}"


def _sentence(record: DeviceModel) -> str:
    from regcore.backends import describe

    sizes = ", ".join(map(str, record.batches))
    return (
        f"for {record.device}, {record.precision}, batch size {sizes}, "
        f"takes {record.input} {describe(record.dtype, record.shape)}"
    )
