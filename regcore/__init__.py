"""Takes image classifiers to accelerators and proves that they arrived intact."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regcore.errors import (
        BackendError,
        DatasetError,
        DecodeError,
        MismatchError,
        OutputError,
        PredictionError,
        RegcoreError,
        ScoreFileError,
        UsageError,
    )
    from regcore.host import simd_level, simd_levels
    from regcore.images.batch_stream import Batch, BatchStream
    from regcore.images.preprocessor import Preprocessor
    from regcore.images.recipe import Recipe
    from regcore.scores.ranks import ranks
    from regcore.scores.topk import topk
    from regcore.scores.topn import TopN, topn_accuracy
    from regcore.store.reader import Store, open_store
    from regcore.store.writer import write_store

__version__ = "0.1.0"

__all__ = [
    "BackendError",
    "Batch",
    "BatchStream",
    "DatasetError",
    "DecodeError",
    "MismatchError",
    "OutputError",
    "PredictionError",
    "Preprocessor",
    "Recipe",
    "RegcoreError",
    "ScoreFileError",
    "Store",
    "TopN",
    "UsageError",
    "open_store",
    "ranks",
    "simd_level",
    "simd_levels",
    "topk",
    "topn_accuracy",
    "write_store",
]

# Imported at the first use of a name (PEP 562), so that `import regcore` costs next to nothing.
_HOMES = {
    "images.batch_stream": ("Batch", "BatchStream"),
    "errors": (
        "BackendError",
        "DatasetError",
        "DecodeError",
        "MismatchError",
        "OutputError",
        "PredictionError",
        "RegcoreError",
        "ScoreFileError",
        "UsageError",
    ),
    "host": ("simd_level", "simd_levels"),
    "scores.topn": ("TopN", "topn_accuracy"),
    "images.preprocessor": ("Preprocessor",),
    "scores.ranks": ("ranks",),
    "scores.topk": ("topk",),
    "images.recipe": ("Recipe",),
    "store.reader": ("Store", "open_store"),
    "store.writer": ("write_store",),
}


def _import(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        if error.name != "regcore":
            raise
        raise ImportError(
            f"{error}: this is the source tree, without its compiled core; "
            "install it with 'pip install -e .', or leave this folder"
        ) from error


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(_import(f"regcore.{module}"), name)
    raise AttributeError(f"module 'regcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
