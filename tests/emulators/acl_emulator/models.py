"""Models: the stand-ins' .om files (see om_file.py), executed by ONNX Runtime."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from om_file import read_om

from acl_emulator.errors import AclError, Code
from acl_emulator.ordering import Uses
from acl_emulator.settings import Settings

SHAPE_DATA = "ascend_mbatch_shape_data"
FORMAT_NCHW, FORMAT_NHWC, FORMAT_ND = 0, 1, 2
#: aclDataType of the NumPy dtypes that images and scores have.
DATA_TYPES = {"float32": 0, "float16": 1, "int8": 2, "int32": 3, "uint8": 4, "int64": 9}
_ONNX_TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(int64)": "int64"}
_DIMS = 4
_ERRORS_ONLY = 3


@dataclass(frozen=True)
class Tensor:
    """An input or output. shape: with the largest batch; dims: as the description says it."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    dims: tuple[int, ...]
    format: int = FORMAT_ND

    @property
    def size(self) -> int:
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass
class Model:
    """A loaded model. gears: the batches to choose from, empty where one is built in."""

    context: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    batch: int
    gears: tuple[int, ...]
    aipp: dict[str, list[float]] | None
    session: Any
    uses: Uses = field(default_factory=lambda: Uses("model"))

    def execute(self, pixels: np.ndarray, batch: int) -> list[np.ndarray]:
        """All outputs of the batch whose bytes `pixels` begins with."""
        image = self.inputs[0]
        count = math.prod(image.shape[1:]) * np.dtype(image.dtype).itemsize * batch
        images = pixels[:count].view(image.dtype).reshape(batch, *image.shape[1:])
        if self.aipp is not None:
            images = normalised(images, self.aipp)
        try:
            outputs: list[np.ndarray] = self.session.run(
                None, {self.session.get_inputs()[0].name: images}
            )
        except Exception as error:
            raise AclError(Code.RT_MODEL_EXECUTE, str(error).split("\n")[0], rule=False) from error
        return outputs


def normalised(pixels: np.ndarray, aipp: dict[str, list[float]]) -> np.ndarray:
    """uint8 NHWC as AIPP gives it to the model: float32 NCHW, its constants in float16."""
    minimum, reciprocal = (
        np.array(aipp[name], np.float16).astype(np.float32) for name in ("min_chn", "var_reci_chn")
    )
    values = (pixels.astype(np.float32) - minimum) * reciprocal
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def load_model(path: str, context: int, settings: Settings) -> Model:
    """Reads an .om file; AclError where it is none, or made for another chip."""
    file = Path(path)
    if not file.is_file():
        raise AclError(Code.GE_EXEC_MODEL_PATH_INVALID, f"no model file {path}", rule=False)
    try:
        header, content = read_om(file)
    except ValueError as error:
        raise AclError(Code.GE_LOAD_MODEL, f"EE4001: {error}", rule=False) from error
    if header["soc"] != settings.soc:
        reason = f"the model is for {header['soc']}, this is {settings.soc}"
        raise AclError(Code.GE_LOAD_MODEL, f"EE4002: {reason}", rule=False)
    batch, session = max(header["batch"]), _session(content)
    shape = (batch, *header["shape"])
    dims = (-1 if header["dynamic"] else batch, *header["shape"])
    layout = FORMAT_NHWC if header["aipp"] else FORMAT_NCHW if len(shape) == _DIMS else FORMAT_ND
    inputs = [Tensor(header["input"], header["dtype"], shape, dims, layout)]
    if header["dynamic"]:
        words = settings.unverified.shape_data_bytes // 4
        inputs.append(Tensor(SHAPE_DATA, "int32", (words,), (words,)))
    outputs = tuple(
        _output(node, batch, dynamic=header["dynamic"], settings=settings)
        for node in session.get_outputs()
    )
    gears = tuple(header["batch"]) if header["dynamic"] else ()
    return Model(context, tuple(inputs), outputs, batch, gears, header["aipp"], session)


def _output(node: Any, batch: int, *, dynamic: bool, settings: Settings) -> Tensor:
    unverified = settings.unverified
    name = f"Cast_0:0:{node.name}" if unverified.output_names == "node:0:name" else node.name
    shape = (batch, *node.shape[1:])
    unknown = dynamic and unverified.dynamic_output_dims == "-1"
    return Tensor(name, _ONNX_TYPES[node.type], shape, (-1, *shape[1:]) if unknown else shape)


@lru_cache(maxsize=16)
def _session(content: bytes) -> Any:
    # Sessions are safe to share; a copy for each device would only cost time.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # What the host's processors do between two batches belongs to the program that is tested.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
