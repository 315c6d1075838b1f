"""timm's models themselves, as regcore registers them."""

from __future__ import annotations

from regcore.backends.kind import ModelKind, OpenOptions
from regcore.backends.protocol import Backend


def _open(model: str, options: OpenOptions) -> Backend:
    from regcore.backends.pytorch import TorchBackend

    return TorchBackend.parse(
        model,
        provider=options.provider,
        threads=options.threads,
        precision=options.precision,
    )


KIND = ModelKind(
    spelling="torch:MODEL[.TAG][:WEIGHTS]",
    open=_open,
    choices=frozenset({"provider", "precision"}),
    prefixes=("torch", "torch-half"),
)
