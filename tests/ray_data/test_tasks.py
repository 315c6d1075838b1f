"""How many tasks of a cluster run at a time, by what its nodes have."""

from __future__ import annotations

import pytest

from regcore import UsageError
from regcore.ray import tasks


@pytest.mark.parametrize(
    ("nodes", "cpus", "gpus", "count"),
    [
        ([(8, 0), (4, 0)], 2, 0, 6),
        ([(8, 1), (4, 0)], 2, 0, 6),
        ([(8, 1), (4, 0)], 2, 1, 1),
        ([(8, 2), (8, 8)], 2, 1, 6),
        ([(3, 4), (1, 4)], 2, 1, 1),
    ],
)
def test_what_is_scarce_limits_them(
    monkeypatch: pytest.MonkeyPatch,
    nodes: list[tuple[int, int]],
    cpus: int,
    gpus: int,
    count: int,
) -> None:
    monkeypatch.setattr(tasks, "node_units", lambda: nodes)
    assert tasks.tasks_at_once(cpus, gpus) == count


@pytest.mark.parametrize(
    ("nodes", "gpus", "message"),
    [
        ([], 0, "no node of the cluster has 2 CPUs, the largest has 0"),
        ([(1, 1)], 1, "no node of the cluster has 2 CPUs, the largest has 1"),
        ([(8, 0), (1, 1)], 1, "no node of the cluster has 2 CPUs and 1 GPU"),
    ],
)
def test_a_task_that_no_node_has_room_for(
    monkeypatch: pytest.MonkeyPatch, nodes: list[tuple[int, int]], gpus: int, message: str
) -> None:
    monkeypatch.setattr(tasks, "node_units", lambda: nodes)
    with pytest.raises(UsageError, match=message):
        tasks.tasks_at_once(2, gpus)
