"""The folder of an inference: of one job, for one process at a time, of the images as they are."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import MismatchError, OutputError
from regcore.files.atomic import replacing, write_text
from regcore.files.input_file import read_input
from regcore.files.json_input import read_json
from regcore.files.lock import locked
from regcore.files.temporary_file import remove_abandoned
from regcore.inference.score_writer import PredictionWriter, output_folders

#: What was inferred.
JOB = "infer.json"
#: Inputs.versions of the images whose outputs there are.
SOURCES = "infer.sources.npy"
LOCK = "infer.lock"

_HEADER_BYTES = 1 << 16


@contextmanager
def claimed(
    out: Path,
    job: dict[str, Any],
    writer: PredictionWriter,
    versions: NDArray[np.int64],
    *,
    force: bool = False,
) -> Iterator[None]:
    """Makes OUT the folder of this job for the block; what is there of changed images goes.

    job: what the scores depend on besides the images. versions: see Inputs, in the order of the
    writer's names. force: whether to delete all of an earlier run.
    Raises MismatchError, which names the difference, where the scores in OUT are of another job,
    and RegcoreError where another process is at work in OUT.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot make the folder: {error.strerror}") from error
    with locked(out / LOCK):
        remove_abandoned(out)
        if force:
            for folder in output_folders(out):
                shutil.rmtree(folder)
            (out / JOB).unlink(missing_ok=True)
        _check_job(out, job)
        _update_sources(out, writer, versions)
        yield


def _check_job(out: Path, job: dict[str, Any]) -> None:
    path = out / JOB
    wanted = json.loads(json.dumps(job))
    stored = read_json(path, dict[str, Any]) if path.exists() else None
    if stored is None:
        if any(out.glob("dumpOutput_device*/*")):
            raise MismatchError(
                f"{out}: holds outputs, but no {JOB} that says of what; choose another folder"
            )
        write_text(path, json.dumps(wanted, indent=2) + "\n")
        return
    differing = [
        f"{key} {stored.get(key)} there, {value} here"
        for key, value in wanted.items()
        if stored.get(key) != value
    ]
    if differing:
        raise MismatchError(
            f"{out} holds the outputs of another run: {'; '.join(differing)}; "
            "choose another folder, or --force to start anew"
        )


def _update_sources(out: Path, writer: PredictionWriter, versions: NDArray[np.int64]) -> None:
    """The outputs go first: whenever there is one, it is of a version that is on record."""
    path = out / SOURCES
    try:
        content = read_input(path, _HEADER_BYTES + versions.nbytes)
        before = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception:  # noqa: BLE001  # damage makes NumPy's parsers raise all kinds
        before = None
    if before is None or before.shape != versions.shape or before.dtype != versions.dtype:
        writer.remove(np.ones(len(versions), np.bool_))
    else:
        writer.remove((before != versions).any(axis=1))
    # Written as bytes: NumPy's own writing to a file loses what fails at the last flush.
    record = io.BytesIO()
    np.save(record, versions)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(record.getbuffer())
