"""A store that the nodes of a cluster write together, equal to that of one machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import UsageError
from regcore.files.arguments import whole_within
from regcore.files.names import natural_key
from regcore.images.preprocessor import Preprocessor, Progress
from regcore.ray.columns import chosen_column
from regcore.ray.tasks import finished, task_workers, tasks_at_once
from regcore.recipes.recipe import Recipe
from regcore.sources.protocol import ImageSource, absolute
from regcore.sources.spelling import open_paths, open_source, source_of
from regcore.store.journal import Journal
from regcore.store.maker import MakerJob, portion_count
from regcore.store.manifest_form import StoreLayout
from regcore.store.portions import MadePortion, Portion, portions, take_portion
from regcore.store.progress import Tally
from regcore.store.reader import StorePlace
from regcore.store.remote.target import RemoteTarget, make_portion_at
from regcore.store.summary import StoreSummary
from regcore.store.writer import write_store as write_whole

_MOST = 1 << 20


def write_store(
    dataset: Any,  # noqa: ANN401  (ray.data.Dataset)
    path: StorePlace,
    recipe: Recipe | str,
    *,
    shards: int | None = None,
    workers: int | None = None,
    form: StoreLayout | None = None,
    column: str | None = None,
    max_bad: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **options: Any,  # noqa: ANN401
) -> StoreSummary:
    """Prepares images on a cluster into a store in the folder `path`, which all nodes share.

    path: of a folder; a URL that fsspec opens, such as s3://bucket/store, on every node; or a file
    system of fsspec and a path in it, as ray.data takes them.

    The store is that of one machine, byte for byte, however it was sharded: each image has its file
    (or its row of a pack), and the manifest comes last. Whatever dies, task, node or driver, the
    same call goes on from what was recorded: a portion is tried again, its files are whole or not
    there, and each image has one record.

    dataset: of Ray Data, whose column of paths is meant, in natural order; or whatever
    regcore.sources.spelling.open_source opens on every node. recipe: or its spelling. shards: in
    how many portions the images are made, by default of 2048 each; a pack is a portion by itself.
    workers: threads of a task, which reserves as many CPUs, by default those of the smallest node.
    form, max_bad, force, progress: as for regcore.store.writer.write_store, whose errors are
    raised. column: of the paths, by default `path`. options: others of Preprocessor.
    """
    chosen = Recipe.parse(recipe) if isinstance(recipe, str) else recipe
    maker = ClusterMaker(shards)
    preprocessor = Preprocessor(chosen, workers=task_workers(workers), **options)
    with _source_of(dataset, column) as source:
        return write_whole(
            preprocessor,
            source,
            source.names,
            path,
            form,
            max_bad=max_bad,
            force=force,
            progress=progress,
            make=maker,
        )


@dataclass(frozen=True)
class ClusterMaker:
    """A Maker of regcore.store.maker that has tasks of Ray make the images.

    Each task has as many threads as the job's preprocessor. shards: portions; None: as many as make
    sense.
    """

    shards: int | None = None

    def __post_init__(self) -> None:
        if self.shards is not None:
            whole_within("shards", self.shards, 1, _MOST)

    def __call__(
        self, job: MakerJob, kept: NDArray[np.bool_], journal: Journal, tally: Tally
    ) -> None:
        """See regcore.store.maker.Maker."""
        workers = job.preprocessor.workers
        at_once = tasks_at_once(workers)
        form = job.description.form
        count = self.shards or max(at_once, portion_count(job, kept))
        names = job.source.names
        jobs = portions(form, kept, count)
        shared = _Shared(
            job.preprocessor.recipe,
            {**job.preprocessor.settings, "workers": workers},
            absolute(job.source.root),
            job.target.absolute() if isinstance(job.target, Path) else job.target,
            form,
        )
        named = ((part, [names[place] for place in part.places]) for part in jobs)
        for (part, _), made in finished(_make, named, shared, cpus=workers, at_once=at_once):
            take_portion(part, made, job.source, journal, tally)


@dataclass(frozen=True)
class _Shared:
    """What the tasks of a store have in common; paths are absolute."""

    recipe: Recipe
    settings: dict[str, Any]
    root: str
    target: Path | RemoteTarget
    form: StoreLayout


def _make(job: tuple[Portion, Sequence[str]], shared: _Shared) -> MadePortion:
    portion, names = job
    preprocessor = Preprocessor(shared.recipe, **shared.settings)
    with source_of(shared.root, names) as source:
        return make_portion_at(shared.target, preprocessor, source, shared.form, portion)


def _source_of(dataset: Any, column: str | None) -> ImageSource:  # noqa: ANN401
    if isinstance(dataset, (str, Path, ImageSource)):
        return open_source(dataset)
    columns = dataset.schema().names
    wanted = chosen_column(columns, column or "path")
    if wanted is None:
        raise UsageError(
            f"a store is made of files: no column {column or 'path'} with their paths "
            f"among {', '.join(columns)}"
        )
    batches = dataset.select_columns([wanted]).iter_batches(batch_size=None, batch_format="numpy")
    paths = sorted((str(one) for batch in batches for one in batch[wanted]), key=natural_key)
    return open_paths([Path(one) for one in paths], "the dataset")
