"""Top-k and ranks of tensors, as tensors."""

from __future__ import annotations

from typing import Any

import torch

from regcore.scores.ranks import Ties
from regcore.scores.ranks import ranks as array_ranks
from regcore.scores.topk import topk as array_topk


def topk(scores: torch.Tensor, k: int, *, workers: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """As torch.topk(scores, k), but equal scores always by lowest index, and NaN last.

    scores: [images, classes] or [classes], of any dtype of regcore.topk, on any device: those of a
    device are copied to main memory and the results back. Returns values, in the dtype of the
    scores, and indices int64, both [images, k] or [k], on the device of the scores. Errors are
    those of regcore.topk.
    """
    _check(scores)
    values, indices = array_topk(scores, k, workers=workers)
    found = torch.from_numpy(values).to(device=scores.device, dtype=scores.dtype)
    return found, torch.from_numpy(indices).to(scores.device)


def ranks(
    scores: torch.Tensor,
    labels: Any,  # noqa: ANN401
    *,
    ties: Ties = "lowest",
    workers: int = 1,
) -> torch.Tensor:
    """As regcore.ranks: how many scores of each row go before its label's, int64 [images].

    The result is on the device of the scores. Errors are those of regcore.ranks.
    """
    _check(scores)
    found = array_ranks(scores, labels, ties=ties, workers=workers)
    return torch.from_numpy(found).to(scores.device)


def _check(scores: object) -> None:
    if not isinstance(scores, torch.Tensor):
        raise TypeError(f"scores must be a tensor, not {type(scores).__name__}; see regcore.topk")
