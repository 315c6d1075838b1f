"""perf.json: how fast a run was, with the times of every batch."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import UNSET, UnsetType

from regcore.evaluation.run_folder import PERF
from regcore.files.atomic import write_text
from regcore.host import core_versions, default_workers
from regcore.inference.timeline import DEVICE_STAGES, Timeline
from regcore.performance.benchmark_rates import write_benchmark_files
from regcore.performance.device_batches import DeviceBatches
from regcore.performance.perf import Perf
from regcore.performance.sweep import earlier_files
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    BackendName,
    Count,
    Digest,
    ModelName,
    Positive,
    ProviderName,
    RecipeName,
    RecipeOrigin,
    as_dict,
    described,
)


@dataclass(frozen=True)
class Environment:
    """The machine and the versions that a rate depends on."""

    machine: Annotated[str, described("The processor's architecture.")]
    system: Annotated[str, described("The operating system.")]
    processors: Annotated[str, described("That this process may use.")]
    python: Annotated[str, described("Its version.")]
    numpy: Annotated[str, described("Its version.")]
    regcore: Annotated[str, described("Its version.")]
    simd: Annotated[str, described("The instruction set in use.")]
    libjpeg_turbo: Annotated[str, described("Its version.")]


@dataclass(frozen=True)
class BatchTimes:
    """A column for each time, a value for each batch, in their order."""

    images: Annotated[list[Positive], described("Images of each batch.")]
    asked_s: Annotated[list[float], described("When it was asked for, in s from the start.")]
    got_s: Annotated[list[float], described("When it was prepared, in s from the start.")]
    submitted_s: Annotated[list[float], described("When the device had it, in s from the start.")]
    taken_s: Annotated[list[float], described("When its scores were taken, in s from the start.")]
    begun_s: Annotated[list[float], described("When their use began, in s from the start.")]
    used_s: Annotated[list[float], described("When it ended, in s from the start.")]
    h2d_ms: Annotated[list[Amount], described("Copied to the device, in ms.")]
    compute_ms: Annotated[list[Amount], described("In the model's execution, in ms.")]
    d2h_ms: Annotated[list[Amount], described("Copied back, in ms.")]
    device: Annotated[list[Count], described("Number of its device.")]


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """What the figures are of; these keys come first."""

    run: Annotated[Digest | UnsetType, described("The identity of its run, as in run.json.")] = (
        UNSET
    )
    model: ModelName
    backend: BackendName
    provider: ProviderName
    recipe: RecipeName
    recipe_from: RecipeOrigin | UnsetType = UNSET
    files: Annotated[
        list[str],
        described(
            "The benchmark tool's files beside it that are of the same run; of an inference of "
            "noise also those of other batch sizes."
        ),
    ]
    complete: Annotated[
        bool,
        described("Whether all images were inferred; `regcore report` and `compare` tell."),
    ]
    environment: Environment
    format: Format


@dataclass(frozen=True, kw_only=True)
class PerfForm(Perf, _Subject):
    """How fast `regcore run` or `regcore infer` was, with the times of every batch."""

    batch_times: BatchTimes


def write_perf(
    folder: Path,
    perf: Perf,
    timeline: Timeline,
    about: Mapping[str, str],
    *,
    complete: bool = True,
    sweep: bool = False,
) -> None:
    """Writes perf.json, and the benchmark tool's file for each device.

    about: what was run: model, backend, provider, recipe, and where they are known recipe_from and
    `run`, its identity. complete: whether all images were. sweep: whether the benchmark tool's
    files of other batch sizes, which an earlier perf.json in the folder names, belong to it as
    well.
    """
    earlier = earlier_files(folder / PERF, about, perf.batch_size) if sweep else []
    texts = write_benchmark_files(folder, timeline, perf.batch_size)
    content = PerfForm(
        run=about.get("run", UNSET),
        model=about["model"],
        backend=about["backend"],
        provider=about["provider"],
        recipe=about["recipe"],
        recipe_from=about.get("recipe_from", UNSET),
        files=[*earlier, *(path.name for path in texts)],
        complete=complete,
        environment=environment_here(),
        format=json_form("perf"),
        **vars(perf),
        batch_times=_batch_times(timeline),
    )
    write_text(folder / PERF, json.dumps(as_dict(content)))


def environment_here() -> Environment:
    """The machine, and the versions that are installed."""
    return Environment(
        machine=platform.machine(),
        system=platform.platform(),
        processors=str(default_workers()),
        python=platform.python_version(),
        numpy=np.__version__,
        regcore=version("regcore"),
        **core_versions(),
    )


def _batch_times(timeline: Timeline) -> BatchTimes:
    given = DeviceBatches.of(timeline.batches)
    columns: dict[str, Any] = {"images": given.times["images"].astype(int).tolist()}
    for name in ("asked", "got", "submitted", "taken", "begun", "used"):
        columns[f"{name}_s"] = np.round(given.times[name] - timeline.start, 6).tolist()
    for stage in DEVICE_STAGES:
        milliseconds = np.nan_to_num(1000 * given.seconds[stage])
        columns[f"{stage}_ms"] = np.round(milliseconds, 4).tolist()
    return BatchTimes(**columns, device=given.device.tolist())
