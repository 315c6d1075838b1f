"""One process of the benchmark: runs passes of a pipeline as the driver asks for them.

First line of standard input: the photos and a folder for files. Then one request a line, one answer
each, all as JSON.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import platform
import sys
import traceback
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from pipelines import MEAN, STD, Array, Item, Pass, Pipeline


class Worker:
    """Keeps what the passes need from one to the next, so that only the passes are timed."""

    def __init__(self, paths: list[str], folder: Path) -> None:
        self._paths = paths
        self._folder = folder
        self._bytes: list[bytes] = []
        self._passes: dict[tuple[object, ...], Pass] = {}

    def pass_of(self, pipeline: str, source: str, threads: int, start: int, step: int) -> Pass:
        """Over every step-th photo."""
        key = (pipeline, source, threads, start, step)
        if key not in self._passes:
            items = self._items(source)[start::step]
            self._passes[key] = _find(pipeline)(items, threads, self._folder)
        return self._passes[key]

    def _items(self, source: str) -> list[Item]:
        if source == "files":
            return list(self._paths)
        if not self._bytes:
            self._bytes = [Path(path).read_bytes() for path in self._paths]
        return list(self._bytes)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """To a request for versions, results, or just a pass."""
        do = request.pop("do")
        if do == "versions":
            return _versions(**request)
        if do == "results":
            into = request.pop("into")
            return {"digests": _save_results(self.pass_of(**request), into)}
        for _ in self.pass_of(**request)():
            pass
        return {}


@cache
def _find(pipeline: str) -> Pipeline:
    for module in ("pipelines", "torch_pipelines", "batch_pipelines"):
        found = getattr(importlib.import_module(module), pipeline, None)
        if found is not None:
            return found
    raise LookupError(pipeline)


def _versions(distributions: list[str], decoder: str) -> dict[str, Any]:
    """The versions of Python, of NumPy, and of what else is installed, at least one package.

    decoder: a function of decoders.py, "" for none.
    """
    found = {}
    for name in distributions:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    if not found:
        raise ImportError(f"no {distributions[0]}")
    if decoder:
        found |= getattr(importlib.import_module("decoders"), decoder)(distributions)
    return {"versions": {**found, "python": platform.python_version(), "numpy": np.__version__}}


def _save_results(run: Pass, into: str) -> list[str]:
    """Saves the pixels, uint8 NHWC; returns a digest of each image's own bytes."""
    digests = []
    crops = []
    for batch in run():
        digests += [hashlib.blake2b(row.tobytes()).hexdigest() for row in batch]
        crops.append(_pixels(batch))
    np.save(into, np.concatenate(crops))
    return digests


def _pixels(batch: Array) -> Array:
    if batch.dtype == np.uint8:
        return batch.copy()
    values = (batch.transpose(0, 2, 3, 1) * STD + MEAN) * 255
    return np.rint(values).clip(0, 255).astype(np.uint8)


def main() -> None:
    # Whatever a library prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    gc.disable()
    start = json.loads(sys.stdin.readline())
    worker = Worker(start["photos"], Path(start["folder"]))
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:  # noqa: BLE001  # the driver lists it
            last = traceback.format_exception_only(error)[-1].strip()
            answer = {"error": last, "missing": isinstance(error, ImportError)}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
