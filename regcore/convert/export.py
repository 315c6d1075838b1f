"""PyTorch weights to ONNX."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from regcore.atomic import replacing
from regcore.convert.timm_models import build_model


def export_timm(
    name: str,
    state_dict: Mapping[str, Any],
    out_path: str | Path,
    *,
    input_name: str = "image",
    output_name: str = "class",
    opset: int = 17,
) -> None:
    """Writes the timm model `name` with these weights as ONNX, whole or not at all.

    The model takes float32 [N, channels, height, width] of any N, in timm's own size for it.
    Raises BackendError where timm does not know the model or the weights do not fit.
    """
    model = build_model(name, state_dict)
    import torch

    config: Any = model.default_cfg
    example = torch.zeros(1, *config["input_size"])
    with replacing(out_path) as temporary, _silence():
        torch.onnx.export(
            model,
            (example,),
            str(temporary),
            dynamo=False,
            opset_version=opset,
            input_names=[input_name],
            output_names=[output_name],
            dynamic_axes={input_name: {0: "-1"}, output_name: {0: "-1"}},
        )


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    # The exporter warns of its own age and of shapes that are constant for every image.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
