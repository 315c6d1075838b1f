"""What the host takes of the processors for each image, and how fast a run can then be.

Where the device is the processor itself, what the host computes is taken from the model: a run
takes at least the device's time for an image, and the host's processor time for it, shared out over
all cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rounds import Key, Round, Task, spread

from regcore import Preprocessor, Recipe
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.host import default_workers
from regcore.inference.evaluate import evaluate, evaluate_batches
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import device_batches
from regcore.store.reader import open_store

#: The label of its rows, which are of processor time, not of wall time.
HOST = "the host alone"
_NO_TIME = 1e9  # images/s


def photos_alone(source: str, photos: Sequence[str], recipe: Recipe, batch: int) -> Task:
    """`regcore run` of photos on a device that takes no time: decoding, queues, counting."""

    def task() -> Round:
        labels = np.zeros(len(photos), np.int64)
        before = process_time()
        evaluate(Preprocessor(recipe), SimulatedBackend(_NO_TIME), photos, labels, batch_size=batch)
        return {Key(HOST, source, 0): 1000 * (process_time() - before) / len(photos)}

    return task


def store_alone(source: str, folder: Path, batch: int) -> Task:
    """The same of a store: reading, queues, counting."""

    def task() -> Round:
        store, backend = open_store(folder, verify=False), SimulatedBackend(_NO_TIME)
        labels = np.zeros(len(store.listed), np.int64)
        before = process_time()
        with closed_after(device_batches(store, backend, batch)) as batches:
            evaluate_batches(batches, backend, labels)
        return {Key(HOST, source, 0): 1000 * (process_time() - before) / len(labels)}

    return task


def bound(rounds: list[Round], run: Key, source: str, device: Key) -> dict[str, Any]:
    """What a run may reach at most beside its device alone, and what of that it reaches.

    source: that of the host's row.
    """
    host = Key(HOST, source, 0)
    least = [one[device] + one[host] / default_workers() for one in rounds]
    return {
        "run": f"{run.label}, {run.source}",
        "device": f"{device.label}, {device.source}",
        "host_processor_ms": spread([one[host] for one in rounds]),
        "bound_images_per_s": spread([1000 / ms for ms in least]),
        "bound_of_device": spread(
            [one[device] / ms for one, ms in zip(rounds, least, strict=True)]
        ),
        "reached": spread([ms / one[run] for one, ms in zip(rounds, least, strict=True)]),
    }
