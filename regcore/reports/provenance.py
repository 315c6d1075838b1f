"""When, by which command and of which file a run was made: what no result depends on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from regcore.models.build_record import file_sha256
from regcore.models.external_weights import model_files
from regcore.models.spelled_file import spelled_file
from regcore.performance.perf_file import Environment, environment_here


@dataclass(frozen=True)
class Provenance:
    """date: of the beginning, in UTC, as 2026-11-27T10:22:14Z. command: the line, if it was one.

    model_hash: `sha256:...` of the model's file, None of a model that is no file. model_bytes: of
    its files. class_names: by
    index, None where neither the model nor its tag tells them. environment: of the machine.
    """

    date: str
    command: str | None
    model_hash: str | None
    class_names: tuple[str, ...] | None
    environment: Environment
    model_bytes: int | None = None


def now() -> str:
    """The time, in UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def provenance(
    date: str,
    command: Sequence[str] | None,
    model: str,
    class_names: tuple[str, ...] | None,
) -> Provenance:
    """The same of a run that began at `date`, with what this machine is now."""
    file = spelled_file(model)
    return Provenance(
        date=date,
        command=None if command is None else shlex.join(command),
        model_hash=None if file is None else f"sha256:{file_sha256(Path(file))}",
        class_names=class_names,
        environment=environment_here(),
        model_bytes=None
        if file is None
        else sum(part.stat().st_size for part in model_files(Path(file))),
    )
