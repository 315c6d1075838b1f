"""timm's models, with weights from files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.counted import counted
from regcore.errors import BackendError
from regcore.frameworks import import_timm
from regcore.models.state_dict import load_exactly

if TYPE_CHECKING:
    from torch import nn


def build_model(
    name: str, weights: Mapping[str, Any] | None = None, *, classes: int | None = None
) -> nn.Module:
    """The timm model `name` in evaluation mode with these weights, which must fit it exactly.

    weights: tensors by name, or None for those that timm fetches from the network.
    classes: of the last layer, by default as many as the weights of timm's tag have.
    Raises BackendError for an unknown name, or for weights that do not fit or cannot be had.
    """
    model = _create(name, pretrained=weights is None, classes=classes)
    if weights is not None:
        load_exactly(model, weights, f"timm's {name}")
    return model.eval()


def rename_by_position(name: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """The same weights under timm's names, for a state dict that differs in its names alone.

    Raises BackendError unless the number of entries and, in order, all their shapes agree.
    """
    expected = _create(name).state_dict()
    if len(expected) != len(weights):
        raise BackendError(
            f"timm's {name} has {counted(len(expected), 'entry')}, the weights have {len(weights)}"
        )
    for (timm_name, ours), (their_name, theirs) in zip(
        expected.items(), weights.items(), strict=True
    ):
        if ours.shape != theirs.shape:
            raise BackendError(
                f"{their_name} {tuple(theirs.shape)} does not fit timm's "
                f"{name} {timm_name} {tuple(ours.shape)}"
            )
    return dict(zip(expected, weights.values(), strict=True))


def _create(name: str, *, pretrained: bool = False, classes: int | None = None) -> nn.Module:
    timm = import_timm()
    options = {} if classes is None else {"num_classes": classes}
    try:
        model: nn.Module = timm.create_model(name, pretrained=pretrained, **options)
    except Exception as error:  # besides RuntimeError all that a network brings
        reason = " ".join(str(error).split())
        raise BackendError(f"timm {timm.__version__}: {reason}") from error
    return model
