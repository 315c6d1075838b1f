"""A model evaluated by the nodes of a cluster, with the results of one machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.evaluate import EvaluatedModel, evaluate_model
from regcore.api.evaluation_job import EvaluationJob
from regcore.api.model import open_model
from regcore.api.options import DeviceOptions, select
from regcore.backends.protocol import Backend, Result
from regcore.errors import DecodeError, UsageError
from regcore.images.batch_stream import Batch
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor
from regcore.inference.inputs.photos import device_stream
from regcore.inference.inputs.store import batches_in_order
from regcore.inference.pipeline import run_pipeline
from regcore.inference.score_journal import ScoreJournal
from regcore.inference.timeline import TaskTimes, Timeline
from regcore.ray.cluster import node_name
from regcore.ray.tasks import finished, task_workers, tasks_at_once
from regcore.recipes.recipe import Recipe
from regcore.sources.protocol import absolute, below
from regcore.sources.spelling import source_of
from regcore.store.reader import Store, open_store
from regcore.store.remote.folder import RemoteFolder

#: Images of a portion, which is what a dead process loses.
_PORTION = 1024


def run(
    model: str | Path,
    images: str | Path,
    labels: str | Path | None = None,
    **options: Any,  # noqa: ANN401
) -> EvaluatedModel:
    """Evaluates a model as regcore.evaluate_model does, on a cluster, whose nodes run it.

    The arguments are those of evaluate_model; model, images and store lie where all nodes see them
    by the same paths, and `workers` are threads of a task, which reserves as many CPUs, by default
    those of the smallest node. The model is opened here, too, to know its inputs and outputs.

    The result is that of one machine: batches are of the same images, each is counted here, once,
    however often its task was tried, and what is counted is in the journal of the run: the same
    call goes on where the driver died. Only the rates differ, which are the cluster's;
    and batches of a store of packs do not end where a pack does.

    Raises what evaluate_model does, and UsageError where the cluster is too small, or has no GPU
    for a model that runs on one.
    """
    if options.get("trace") is not None:
        raise UsageError("a trace is of one machine's threads; it cannot be had of a cluster")
    options["workers"] = task_workers(options.get("workers"))
    return evaluate_model(model, images, labels, runner=run_on_cluster, **options)


@dataclass(frozen=True)
class _Shared:
    """What the tasks of a run have in common; paths are absolute."""

    model: str
    options: tuple[tuple[str, Any], ...]
    recipe: Recipe
    settings: dict[str, Any]
    batch_size: int
    root: str
    store: Path | RemoteFolder | None
    device_timeout: float | None


@dataclass(frozen=True)
class _Scored:
    """A batch without its images. indices: places in the portion."""

    indices: NDArray[np.intp]
    scores: NDArray[Any] | None
    errors: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...]


def run_on_cluster(
    job: EvaluationJob, preprocessor: Preprocessor, journal: ScoreJournal
) -> Iterator[tuple[Batch, Result | None] | TaskTimes]:
    """The Runner of regcore.api.evaluation_job that has tasks of Ray run the model."""
    names = [job.names[place] for place in np.flatnonzero(~journal.kept).tolist()]
    gpus = _gpus(job)
    at_once = tasks_at_once(preprocessor.workers, gpus)
    # Whole batches, so that those of one machine are of the same images.
    batches = -(-len(names) // job.batch_size)
    size = job.batch_size * max(1, min(_PORTION // job.batch_size, -(-batches // at_once)))
    portions = [(first, names[first : first + size]) for first in range(0, len(names), size)]
    shared = _shared(job, preprocessor)
    results = finished(
        _run, portions, shared, cpus=preprocessor.workers, at_once=at_once, gpus=gpus
    )
    for (first, portion), (scored, node, timeline) in results:
        for part in scored:
            yield _placed(part, first, portion, shared.root)
        yield TaskTimes(node, at_once, timeline)


def _shared(job: EvaluationJob, preprocessor: Preprocessor) -> _Shared:
    data = job.data
    store = data.store.place if data.store else None
    root = data.store.root if data.store else data.source.root if data.source else str(data.root)
    return _Shared(
        model=_absolute_model(job.model),
        options=tuple(sorted(select(job.options, DeviceOptions).items())),
        recipe=job.recipe,
        settings={**preprocessor.settings, "workers": preprocessor.workers},
        batch_size=job.batch_size,
        root=absolute(root),
        store=store,
        device_timeout=job.options.get("device_timeout"),
    )


def _absolute_model(model: str) -> str:
    """The model with the path of its file from the root on, also as in torch:NAME:WEIGHTS."""
    if Path(model).exists():
        return str(Path(model).absolute())
    kind, mark, path = model.rpartition(":")
    return f"{kind}{mark}{Path(path).absolute()}" if mark and Path(path).exists() else model


def _gpus(job: EvaluationJob) -> int:
    provider = str(job.options.get("provider") or "")
    return int(provider.startswith(("cuda", "tensorrt")) or job.model.endswith(".engine"))


def _placed(
    part: _Scored, first: int, names: Sequence[str], root: str
) -> tuple[Batch, Result | None]:
    """A batch of a portion that begins at the image `first`, as a batch of the run."""
    errors = tuple(
        DecodeError(below(root, names[error.index]), error.detail, first + error.index)
        for error in part.errors
    )
    diagnostics = tuple(
        replace(one, path=below(root, names[one.index]), index=first + one.index)
        for one in part.diagnostics
    )
    batch = Batch(np.empty((len(part.indices), 0)), part.indices + first, errors, diagnostics)
    return batch, None if part.scores is None else Result(part.scores, (), lasting=True)


def _run(
    portion: tuple[int, Sequence[str]], shared: _Shared
) -> tuple[list[_Scored], str, Timeline]:
    """What a task does: the images of a portion through the model; on which node, and when."""
    backend = _opened(shared.model, shared.options)
    scored: list[_Scored] = []

    def keep(batch: Batch, result: Result | None) -> None:
        scores = None if result is None else np.array(result.scores)
        scored.append(_Scored(batch.indices.copy(), scores, batch.errors, batch.diagnostics))

    patience = {} if shared.device_timeout is None else {"device_timeout": shared.device_timeout}
    names = portion[1]
    if shared.store is not None:
        batches = batches_in_order(_store(shared.store), backend, shared.batch_size, names)
        timeline = Timeline()
        run_pipeline(batches, backend, keep, timeline, **patience)
        return scored, node_name(), timeline
    preprocessor = Preprocessor(shared.recipe, **shared.settings)
    with source_of(shared.root, names) as source:
        stream = device_stream(preprocessor, backend, source.read(), shared.batch_size)
        timeline = Timeline()
        with stream as photos:
            run_pipeline(photos, backend, keep, timeline, **patience)
    return scored, node_name(), timeline


@lru_cache(maxsize=1)
def _opened(model: str, options: tuple[tuple[str, Any], ...]) -> Backend:
    """The model, which a process opens once for all of its portions."""
    return open_model(model, DeviceOptions(**dict(options)))  # type: ignore[typeddict-item]


@lru_cache(maxsize=1)
def _store(place: Path | RemoteFolder) -> Store:
    return open_store(place)
