"""Preprocess and topn in Ray Data, as a user writes it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes

from regcore import DatasetError, Preprocessor, Recipe, TopN, UsageError
from regcore.host import default_workers
from regcore.ray import Preprocess, resources, topn

pytestmark = [pytest.mark.usefixtures("cluster"), pytest.mark.slow]

RECIPE = Recipe(resize=40, crop=32)
BAD = 7
CLASSES = 6


def scored(batch: dict[str, Any]) -> dict[str, Any]:
    """A model: sums of the values of an image, in some order."""
    sums = batch["image"].reshape(len(batch["image"]), CLASSES, -1).astype(np.float64).sum(2)
    return {**{key: batch[key] for key in ("name", "label", "error")}, "scores": sums}


def rows_of(photos: list[str]) -> list[dict[str, Any]]:
    return [{"path": path, "label": i % CLASSES} for i, path in enumerate(photos)]


def pipeline(photos: list[str]) -> Any:
    import ray

    return ray.data.from_items(rows_of(photos), override_num_blocks=4).map_batches(
        Preprocess,
        fn_constructor_kwargs={"recipe": RECIPE},
        **resources(workers=2, batch_size=5),
    )


def test_the_images_and_topn_of_a_dataset(photos: list[str]) -> None:
    images = pipeline(photos).materialize()
    found = {row["name"]: row for row in images.iter_rows()}
    assert sorted(found) == photos
    good = [path for i, path in enumerate(photos) if i != BAD]
    wanted = Preprocessor(RECIPE)(good)
    for path, image in zip(good, wanted, strict=True):
        assert_same_bytes(np.asarray(found[path]["image"]), image)
    assert found[photos[BAD]]["error"]

    scores = images.map_batches(scored)
    counted = topn(scores, n=3, expected=photos)
    alone = TopN(3)
    labels = [i % CLASSES for i in range(len(photos)) if i != BAD]
    batch = {"image": wanted, "name": good, "label": labels, "error": good}
    alone.update(scored(batch)["scores"], labels)
    assert counted.topn.hits.tolist() == alone.hits.tolist()
    assert counted.topn.count == len(good)
    assert counted.names == set(photos)
    assert [error.path for error in counted.errors] == [photos[BAD]]
    assert not counted.complete

    with pytest.raises(DatasetError, match=r"twice, so that it would count twice"):
        topn(scores.union(scores))
    with pytest.raises(DatasetError, match=r"^more\.jpg: did not come; no accuracy is given"):
        topn(scores, expected=[*photos, "more.jpg"])
    with pytest.raises(DatasetError, match=r"00\.jpg: was not expected, as 1 other;"):
        topn(scores, expected=photos[2:])


class DiesOnce(Preprocess):
    """An actor whose process is killed at its second batch, the first time."""

    def __init__(self, mark: Path) -> None:
        super().__init__(RECIPE)
        self.mark, self.calls = mark, 0

    def __call__(self, batch: Any) -> Any:
        self.calls += 1
        if self.calls == 2 and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(batch)


def test_an_actor_that_is_killed_loses_and_doubles_nothing(
    photos: list[str], tmp_path: Path
) -> None:
    import ray

    rows = ray.data.from_items(rows_of(photos), override_num_blocks=6)
    images = rows.map_batches(
        DiesOnce,
        fn_constructor_kwargs={"mark": tmp_path / "mark"},
        **resources(workers=2, batch_size=4),
    )
    counted = topn(images.map_batches(scored), n=3, expected=photos)
    assert (tmp_path / "mark").exists()
    assert counted.topn.count == len(photos) - 1


def test_an_actor_has_as_many_threads_as_it_reserves() -> None:
    import ray

    def threads() -> int:
        return Preprocess(RECIPE).workers

    assert ray.get(ray.remote(threads).options(num_cpus=2).remote()) == 2
    assert ray.get(ray.remote(threads).options(num_cpus=0).remote()) == 1
    assert threads() == default_workers()


def test_a_cluster_that_is_too_small_is_refused() -> None:
    assert resources(workers=2) == {"num_cpus": 2, "concurrency": (1, 1), "batch_size": 256}
    assert resources()["num_cpus"] == 2
    assert resources(workers=1)["concurrency"] == (1, 2)
    with pytest.raises(UsageError, match="the cluster has 3 CPUs on 1 node: 1 actor of 3 workers "):
        resources(workers=3)
    with pytest.raises(UsageError, match=r"3 actors of 1 worker .*take 2 actors at most"):
        resources(workers=1, actors=3)
