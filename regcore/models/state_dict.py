"""Weights by name into a model of torch, which they must fit exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.errors import BackendError

if TYPE_CHECKING:
    from torch import nn

_SHOWN_KEYS = 3


def load_exactly(model: nn.Module, weights: Mapping[str, Any], whose: str) -> None:
    """Loads tensors by name; BackendError says in what they do not fit `whose` model."""
    differences = _differences(model.state_dict(), weights)
    if differences:
        raise BackendError(f"the weights do not fit {whose}: {differences}")
    model.load_state_dict(weights, strict=True)


def _differences(expected: Mapping[str, Any], weights: Mapping[str, Any]) -> str:
    # torch fills in the counters that only training needs.
    missing = [k for k in expected if k not in weights and not k.endswith("num_batches_tracked")]
    unknown = [k for k in weights if k not in expected]
    other_shape = [
        f"{k} {tuple(weights[k].shape)} instead of {tuple(expected[k].shape)}"
        for k in expected
        if k in weights and weights[k].shape != expected[k].shape
    ]
    kinds = ((missing, "missing"), (unknown, "unknown"), (other_shape, "of another shape"))
    return "; ".join(f"{len(keys)} {kind} ({_first(keys)})" for keys, kind in kinds if keys)


def _first(keys: list[str]) -> str:
    return ", ".join(keys[:_SHOWN_KEYS]) + (", ..." if len(keys) > _SHOWN_KEYS else "")
