"""ONNX to .om, with the record of what was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from regcore.calibration.record import carried
from regcore.convert.ascend.aipp import aipp_config, is_aipp_config
from regcore.convert.ascend.atc_command import DEFAULT_PRECISION, AtcJob
from regcore.convert.ascend.atc_process import run_atc
from regcore.files.atomic import replacing
from regcore.files.output_guard import Output
from regcore.models.build_record import (
    BuildRecord,
    file_sha256,
    is_record,
    is_recorded,
    record_path,
    write_record,
)
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import OnnxFile

#: More than these do not fit into the name of a file.
_NAMED_SIZES = 16


def default_om(model: OnnxFile, batches: tuple[int, ...], *, aipp: bool) -> Path:
    """Beside the ONNX file, named as in the guide: `model_bs16.om`, `model_bs1-4-8_aipp.om`."""
    named = batches if len(batches) <= _NAMED_SIZES else (batches[0], "to", batches[-1])
    sizes = "-".join(map(str, named))
    return model.path.with_name(f"{model.path.stem}_bs{sizes}{'_aipp' if aipp else ''}.om")


def aipp_path(out: Path) -> Path:
    """Where the AIPP file of `out` goes."""
    return out.with_suffix(".aipp.cfg")


def om_outputs(out: Path, *, aipp: bool) -> list[Output]:
    """What convert_to_om writes."""
    outputs = [
        Output(out, recognise_file=is_recorded),
        Output(record_path(out), is_record),
    ]
    return [*outputs, Output(aipp_path(out), is_aipp_config)] if aipp else outputs


def convert_to_om(
    job: AtcJob,
    out: Path,
    say: Callable[[str], None],
    check: Callable[[Path], None] = lambda _: None,
) -> tuple[Path, BuildRecord]:
    """Builds the .om and writes its record beside it; returns where it really is, and the record.

    Writes job.aipp, too, where it is given. say: gets atc's log, line by line. check: raises where
    the file must not be written that atc chose instead of `out`. Raises BackendError where atc is
    not there or fails.
    """
    if job.aipp is not None and job.recipe is not None:
        with replacing(job.aipp) as temporary:
            temporary.write_text(aipp_config(job.recipe))
    built = run_atc(job, out, say, check)
    record = _record(job, built)
    write_record(record, built)
    return built, record


def _record(job: AtcJob, built: Path) -> BuildRecord:
    image, recipe = job.model.image, job.recipe
    dtype, shape = image.dtype or "", (None, *(image.shape or ())[1:])
    if job.aipp is not None and recipe is not None:
        # AIPP takes pixels in this form, whatever --input_format says.
        recipe = recipe.in_form("uint8", "nhwc")
        dtype, shape = "uint8", (None, *recipe.image_shape)
    metadata = job.model.metadata
    if recipe is not None:
        metadata = replace(metadata or ModelMetadata(recipe), recipe=recipe)
    return BuildRecord(
        device=job.soc,
        builder="atc",
        precision=job.precision or DEFAULT_PRECISION,
        batches=job.batches,
        input=image.name,
        dtype=dtype,
        shape=shape,
        source=job.model.path.name,
        source_sha256=file_sha256(job.model.path),
        sha256=file_sha256(built),
        command=tuple(job.command(built.with_suffix(""))),
        properties={
            **(metadata.to_properties() if metadata else {}),
            **carried(job.model.properties),
        },
    )
