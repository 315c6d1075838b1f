"""timm's models, with weights from files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.errors import BackendError
from regcore.frameworks import import_timm

if TYPE_CHECKING:
    from torch import nn

_SHOWN_KEYS = 3


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
        differences = _differences(model.state_dict(), weights)
        if differences:
            raise BackendError(f"the weights do not fit timm's {name}: {differences}")
        model.load_state_dict(weights, strict=True)
    return model.eval()


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


def rename_by_position(name: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """The same weights under timm's names, for a state dict that differs in its names alone.

    Raises BackendError unless the number of entries and, in order, all their shapes agree.
    """
    expected = _create(name).state_dict()
    if len(expected) != len(weights):
        raise BackendError(
            f"timm's {name} has {len(expected)} entries, the weights have {len(weights)}"
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


def imagenet_class_names() -> list[str]:
    """A short name for each of the 1000 ImageNet classes, by index."""
    info = import_timm().data.ImageNetInfo()
    return [str(info.index_to_description(i)) for i in range(info.num_classes())]


def _create(name: str, *, pretrained: bool = False, classes: int | None = None) -> nn.Module:
    timm = import_timm()
    options = {} if classes is None else {"num_classes": classes}
    try:
        model: nn.Module = timm.create_model(name, pretrained=pretrained, **options)
    except Exception as error:  # besides RuntimeError all that a network brings
        reason = " ".join(str(error).split())
        raise BackendError(f"timm {timm.__version__}: {reason}") from error
    return model
