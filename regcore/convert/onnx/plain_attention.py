"""timm's attention without the fused operator, where torch's tracer does not get through that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

_FUSED = "scaled_dot_product_attention()"


def fails_at_fused_attention(error: Exception) -> bool:
    """Whether an export failed while calling the operator, rather than for want of it in ONNX."""
    return isinstance(error, TypeError) and _FUSED in str(error)


@contextmanager
def plain_attention(model: nn.Module) -> Iterator[None]:
    """Within it, timm's layers compute their attention by matrix products and a softmax."""
    changed: list[Any] = [each for each in model.modules() if getattr(each, "fused_attn", False)]
    for layer in changed:
        layer.fused_attn = False
    try:
        yield
    finally:
        for layer in changed:
            layer.fused_attn = True
