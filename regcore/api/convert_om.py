"""An ONNX file built into an .om for Ascend devices."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from msgspec import Meta

from regcore.api.convert import ConvertedModel, read_source
from regcore.api.messages import Log, no_log
from regcore.api.options import SOC_HELP, check_names
from regcore.convert.ascend import om
from regcore.convert.ascend.aipp import aipp_config, aipp_rounding
from regcore.convert.ascend.atc_command import AtcJob
from regcore.errors import UsageError
from regcore.files.arguments import as_path
from regcore.files.atomic import check_target
from regcore.files.output_guard import check_outputs
from regcore.models.onnx_file import OnnxFile
from regcore.recipes.recipe import Recipe
from regcore.recipes.spelling import parse_recipe
from regcore.schemas import Format, json_form
from regcore.schemas.fields import as_dict, described

if TYPE_CHECKING:
    from typing_extensions import Unpack


class OmOptions(TypedDict, total=False):
    """How an .om is built.

    out: the file, by default beside the model. batch: the batch size, by default the model's own,
    or 1; dynamic_batch: several, to choose from at run time. aipp: the chip normalises, by the
    recipe of the model or by the preset `recipe`, and takes uint8 pixels, NHWC. precision: a value
    of atc's precision_mode or precision_mode_v2. atc_log: the level of atc's own log.
    """

    out: str | Path | None
    batch: int | None
    dynamic_batch: tuple[int, ...] | None
    aipp: bool
    recipe: str | Recipe | None
    precision: str | None
    atc_log: str | None


@dataclass(frozen=True)
class ConvertCommandForm:
    """How another machine builds an .om."""

    format: Format
    path: Annotated[str, described("The file that it will write.")]
    command: Annotated[list[str], Meta(min_length=1), described("atc and its arguments.")]
    script: Annotated[
        str,
        described("For a shell: writes the AIPP file, where there is one, and runs the command."),
    ]


@dataclass(frozen=True)
class OmPlan:
    """What convert_to_om would do: the job of atc, and the file that it would write."""

    job: AtcJob
    path: Path

    def command(self) -> list[str]:
        """The command line of atc."""
        return self.job.command(self.path.with_suffix(""))

    def script(self) -> str:
        """The same for a shell, with the configuration of AIPP."""
        command = shlex.join(self.command())
        if self.job.aipp is None or self.job.recipe is None:
            return command
        config = aipp_config(self.job.recipe)
        return f"cat > {shlex.quote(str(self.job.aipp))} << 'END'\n{config}END\n{command}"

    def to_dict(self) -> dict[str, Any]:
        """What `regcore convert --print --json` prints."""
        form = ConvertCommandForm(
            format=json_form("convert-command"),
            path=str(self.path),
            command=self.command(),
            script=self.script(),
        )
        return as_dict(form)


def plan_om(
    model: str | Path, soc: str | None, *, log: Log = no_log, **options: Unpack[OmOptions]
) -> OmPlan:
    """Says what convert_to_om would do, and does nothing; the arguments are the same."""
    check_names(options, OmOptions)
    source = read_source(model, log)
    if soc is None:
        raise UsageError(f"--to om needs --soc. {SOC_HELP}")
    recipe, aipp = options.get("recipe"), options.get("aipp", False)
    if recipe is not None and not aipp:
        raise UsageError("--recipe is for --aipp; without it the .om takes what MODEL takes")
    batches = _batches(source, options.get("batch"), options.get("dynamic_batch"))
    out = options.get("out")
    path = om.default_om(source, batches, aipp=aipp) if out is None else as_path("out", out)
    job = AtcJob(
        model=source,
        soc=soc,
        batches=batches,
        recipe=_recipe(source, recipe),
        aipp=om.aipp_path(path) if aipp else None,
        precision=options.get("precision"),
        log=options.get("atc_log"),
    )
    job.check()
    check_target(path, ".om")
    if job.precision is None:
        log("atc computes in float16 unless told otherwise; --precision origin keeps float32")
    if aipp and job.recipe is not None:
        _log_rounding(job.recipe, log)
    return OmPlan(job, path)


def convert_to_om(
    model: str | Path,
    soc: str | None,
    *,
    force: bool = False,
    log: Log = no_log,
    show_line: Callable[[str], None] = no_log,
    **options: Unpack[OmOptions],
) -> ConvertedModel:
    """Builds an .om from an ONNX file with atc of Huawei's CANN toolkit.

    soc: the chip, as in "Ascend310P3". force: also replace files that regcore did not write.
    show_line: called with each line of atc's own log. log: see regcore.api.messages. options: see
    OmOptions.

    Raises UsageError for options that contradict each other, ModelRecordError for a damaged model,
    and BackendError where atc is not there or cannot build it.
    """
    plan = plan_om(model, soc, log=log, **options)
    aipp = plan.job.aipp is not None

    def check(target: Path) -> None:
        outputs = om.om_outputs(target, aipp=aipp and target == plan.path)
        check_outputs(outputs, plan.job.model.files, force=force)

    check(plan.path)
    built, record = om.convert_to_om(plan.job, plan.path, show_line, check)
    if built != plan.path:
        log(f"atc has bound the model to this operating system and processor: {built.name}")
    return ConvertedModel(built, record)


def _batches(
    source: OnnxFile, batch: int | None, dynamic_batch: tuple[int, ...] | None
) -> tuple[int, ...]:
    if batch is not None and dynamic_batch is not None:
        raise UsageError("either --batch or --dynamic-batch")
    if dynamic_batch is not None and len(dynamic_batch) == 1:
        raise UsageError("--dynamic-batch takes several sizes; for one there is --batch")
    own = (source.image.shape or (None,))[0]
    return dynamic_batch or (batch or own or 1,)


def _recipe(source: OnnxFile, wanted: str | Recipe | None) -> Recipe | None:
    if isinstance(wanted, Recipe):
        return wanted
    if wanted is not None:
        return parse_recipe(wanted).recipe
    return source.metadata.recipe if source.metadata else None


def _log_rounding(recipe: Recipe, log: Log) -> None:
    rounding = aipp_rounding(recipe)
    constants, arithmetic = (
        " / ".join(f"{error:.2g}" for error in errors)
        for errors in (rounding.constants, rounding.arithmetic)
    )
    order = "blue / green / red" if recipe.channels == "bgr" else "red / green / blue"
    log(
        f"AIPP keeps its constants as float16: normalised {order} are off by up to "
        f"{constants}, and by up to {arithmetic} where it computes in float16, too"
    )
