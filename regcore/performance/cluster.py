"""The figures of a run whose batches tasks of a cluster ran, each with a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from regcore.inference.timeline import TaskTimes
from regcore.schemas.fields import Amount, Positive, described


@dataclass(frozen=True)
class ClusterLoad:
    """Who ran the batches."""

    nodes: Annotated[Positive, described("Machines that ran any.")]
    tasks: Annotated[Positive, described("Tasks that came to their end.")]
    slots: Annotated[
        Positive,
        described("How many of them ran at a time at most; the stages' threads are of so many."),
    ]
    task_seconds: Annotated[
        Amount,
        described(
            "Of all tasks together, from their first request for a batch to their last scores. "
            "What they lack to seconds x slots went into starting them and opening the model, or "
            "nothing was left to do."
        ),
    ]

    @classmethod
    def of(cls, tasks: Sequence[TaskTimes]) -> ClusterLoad:
        """The load of at least one task."""
        return cls(
            nodes=len({task.node for task in tasks}),
            tasks=len(tasks),
            slots=min(len(tasks), max(task.slots for task in tasks)),
            task_seconds=sum(task.timeline.end - task.timeline.start for task in tasks),
        )
