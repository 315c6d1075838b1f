"""A NumPy that uses no vector instructions beyond its baseline, in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import mock

import numpy as np

T = TypeVar("T")
Run = Callable[[Callable[[np.ndarray], T]], T]

_state: dict[str, np.ndarray] = {}


@contextmanager
def portable_numpy(make: Callable[[], np.ndarray]) -> Iterator[Run[Any]]:
    """Yields what runs a function there, of the array that `make` has made there.

    NumPy reads NPY_DISABLE_CPU_FEATURES once, when it is imported.
    """
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, _keep, (make,)) as process:
        with mock.patch.dict(os.environ, NPY_DISABLE_CPU_FEATURES=" ".join(found)):
            process.submit(_run, np.size).result()  # which starts it
        yield lambda function: process.submit(_run, function).result()


def _keep(make: Callable[[], np.ndarray]) -> None:
    _state["array"] = make()


def _run(function: Callable[[np.ndarray], T]) -> T:
    return function(_state["array"])
