"""timm's models themselves, on torch: the reference that every port is measured by."""

from __future__ import annotations

from regcore.backends.pytorch.backend import TorchBackend

__all__ = ["TorchBackend"]
