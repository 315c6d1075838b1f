"""torchvision's models, with weights from files or its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.errors import BackendError, first_line
from regcore.frameworks import import_torchvision
from regcore.models.state_dict import load_exactly

if TYPE_CHECKING:
    from torch import nn


def build_torchvision_model(
    architecture: str,
    weights: Any,  # noqa: ANN401
    tensors: Mapping[str, Any] | None = None,
    *,
    size: tuple[int, int],
    classes: int | None = None,
) -> nn.Module:
    """The model `architecture` in evaluation mode.

    tensors: weights by name, which must fit exactly; None for those that torchvision fetches from
        the network for `weights`, a member of its enums.
    size: rows and columns of its images, for architectures that are built for one.
    classes: of the last layer, by default torchvision's.
    Raises BackendError where the model cannot be had or the weights do not fit.
    """
    torchvision = import_torchvision()
    options: dict[str, Any] = {} if classes is None else {"num_classes": classes}
    if tensors is not None:
        weights = None
        options |= _as_with_weights(architecture, size)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # torch.hub tells there what it fetches
            model: nn.Module = torchvision.models.get_model(
                architecture, weights=weights, **options
            )
    except Exception as error:  # besides ValueError all that a network brings
        raise BackendError(f"torchvision {torchvision.__version__}: {first_line(error)}") from error
    if tensors is not None:
        load_exactly(model, tensors, f"torchvision's {architecture}")
    return model.eval()


def _as_with_weights(architecture: str, size: tuple[int, int]) -> dict[str, Any]:
    """What torchvision's own builders change where they are given their trained weights."""
    if architecture.startswith(("googlenet", "inception")):
        return {"transform_input": True, "aux_logits": True, "init_weights": False}
    if architecture.startswith("vit_"):
        return {"image_size": size[0]}
    if architecture.startswith("maxvit"):
        return {"input_size": size}
    return {}
