"""regcore convert: ONNX to what a device runs."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import answer, tell
from regcore.cli.options import batch_sizes
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.convert.ascend.atc_command import AtcJob
    from regcore.images.recipe import Recipe
    from regcore.models.build_record import DeviceModel
    from regcore.models.onnx_file import OnnxFile

_SOC_HELP = "The Ascend chip: 'Ascend' and the Name that npu-smi info shows, as in Ascend310P3."


_SIZE = click.IntRange(min=1)

_OM_OPTIONS = (
    click.option("--soc", help=_SOC_HELP),
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
    click.option("--log", help="om: show atc's own log: debug, info, warning or error."),
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
    "om": ("soc", "batch", "dynamic_batch", "aipp", "recipe", "precision", "log", "only_print"),
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
    out: Path | None,
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
    from regcore.models.onnx_file import read_onnx
    from regcore.schemas import json_form

    _refuse_foreign_options(ctx, kind)
    source = read_onnx(model)
    source.check_data()
    for doubt in source.doubts:
        tell(doubt)
    build = _to_om if kind == "om" else _to_engine
    done = build(source, out, options)
    if isinstance(done, dict):
        if as_json:
            answer({"format": json_form("convert-command"), **done})
        else:
            click.echo(done["script"])
        return
    built, record = done
    if as_json:
        answer({"format": json_form("convert"), "path": str(built), **asdict(record)})
    else:
        click.echo(_sentence(record))
    tell(f"wrote {built}")


def _refuse_foreign_options(ctx: click.Context, kind: str) -> None:
    (other,) = _OWN_OPTIONS.keys() - {kind}
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if name in _OWN_OPTIONS[other] and source is not click.core.ParameterSource.DEFAULT:
            raise UsageError(f"{parameter.opts[0]} is for --to {other}")


def _to_om(
    source: OnnxFile, out: Path | None, options: dict[str, Any]
) -> tuple[Path, DeviceModel] | dict[str, Any]:
    """What was built, or, where it is only to be printed, the command."""
    from regcore.convert.ascend.atc_command import AtcJob
    from regcore.convert.ascend.om import aipp_path, convert_to_om, default_om, om_outputs
    from regcore.files.atomic import check_target
    from regcore.files.output_guard import check_outputs

    if options["soc"] is None:
        raise UsageError(f"--to om needs --soc. {_SOC_HELP}")
    aipp = options["aipp"]
    if options["recipe"] is not None and not aipp:
        raise UsageError("--recipe is for --aipp; without it the .om takes what MODEL takes")
    batches = _batches(source, options["batch"], options["dynamic_batch"])
    out = out or default_om(source, batches, aipp=aipp)
    job = AtcJob(
        model=source,
        soc=options["soc"],
        batches=batches,
        recipe=_recipe(source, options["recipe"]),
        aipp=aipp_path(out) if aipp else None,
        precision=options["precision"],
        log=options["log"],
    )
    job.check()
    check_target(out, ".om")
    if job.precision is None:
        tell("atc computes in float16 unless told otherwise; --precision origin keeps float32")
    if aipp and job.recipe is not None:
        _tell_rounding(job.recipe)
    if options["only_print"]:
        return {
            "path": str(out),
            "command": job.command(out.with_suffix("")),
            "script": _script(job, out),
        }

    def check(target: Path) -> None:
        outputs = om_outputs(target, aipp=aipp and target == out)
        check_outputs(outputs, source.files, force=options["force"])

    check(out)
    built, record = convert_to_om(job, out, _show_line, check)
    if built != out:
        tell(f"atc has bound the model to this operating system and processor: {built.name}")
    return built, record


def _to_engine(
    source: OnnxFile, out: Path | None, options: dict[str, Any]
) -> tuple[Path, DeviceModel]:
    from regcore.convert.tensorrt.engine import (
        batch_range,
        convert_to_engine,
        default_engine,
        engine_outputs,
    )
    from regcore.files.atomic import check_target
    from regcore.files.output_guard import check_outputs

    sizes = (options[f"batch_{which}"] for which in ("min", "opt", "max"))
    batches = batch_range(source, *sizes)
    fp16 = options["fp16"]
    out = out or default_engine(source, fp16=fp16)
    check_target(out, ".engine")
    cache = options["timing_cache"]
    check_outputs(engine_outputs(out, cache), source.files, force=options["force"])
    record = convert_to_engine(source, batches, out, _show_line, fp16=fp16, timing_cache=cache)
    return out, record


def _show_line(line: str) -> None:
    click.echo(line, err=True)


def _batches(
    source: OnnxFile, batch: int | None, dynamic_batch: tuple[int, ...] | None
) -> tuple[int, ...]:
    if batch is not None and dynamic_batch is not None:
        raise UsageError("either --batch or --dynamic-batch")
    if dynamic_batch is not None and len(dynamic_batch) == 1:
        raise UsageError("--dynamic-batch takes several sizes; for one there is --batch")
    own = (source.image.shape or (None,))[0]
    return dynamic_batch or (batch or own or 1,)


def _recipe(source: OnnxFile, name: str | None) -> Recipe | None:
    from regcore.images.recipe import Recipe

    if name is not None:
        return Recipe.preset(name)
    return source.metadata.recipe if source.metadata else None


def _tell_rounding(recipe: Recipe) -> None:
    from regcore.convert.ascend.aipp import aipp_rounding

    rounding = aipp_rounding(recipe)
    constants, arithmetic = (
        " / ".join(f"{error:.2g}" for error in errors)
        for errors in (rounding.constants, rounding.arithmetic)
    )
    tell(
        f"AIPP keeps its constants as float16: normalised red / green / blue are off by up to "
        f"{constants}, and by up to {arithmetic} where it computes in float16, too"
    )


def _script(job: AtcJob, out: Path) -> str:
    from regcore.convert.ascend.aipp import aipp_config

    command = shlex.join(job.command(out.with_suffix("")))
    if job.aipp is None or job.recipe is None:
        return command
    aipp = aipp_config(job.recipe)
    return f"cat > {shlex.quote(str(job.aipp))} << 'END'\n{aipp}END\n{command}"


def _sentence(record: DeviceModel) -> str:
    from regcore.models.tensors import describe

    sizes = ", ".join(map(str, record.batches))
    return (
        f"for {record.device}, {record.precision}, batch size {sizes}, "
        f"takes {record.input} {describe(record.dtype, record.shape)}"
    )
