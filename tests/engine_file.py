"""What the stand-ins of TensorRT write in place of an engine, for emulated drivers to load.

The format:
  line 1   `ENGINE stand-in 1`
  line 2   a JSON object:
             version   the TensorRT version that built it, as [10, 1, 0]
             profile   null for a built-in batch, else the shapes [smallest, best, largest]
             input     the name of the image input
             fp16      whether float16 was allowed by a flag
             tf32      whether float32 is multiplied as TF32
  the rest  the bytes of the ONNX model
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAGIC = b"ENGINE stand-in 1\n"


def engine_bytes(header: dict[str, Any], model: bytes) -> bytes:
    """The content of a file."""
    return MAGIC + json.dumps(header).encode() + b"\n" + model


def read_engine(path: Path) -> tuple[dict[str, Any], bytes]:
    """The header and the ONNX model; ValueError for another file."""
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise ValueError(f"{path}: not written by a stand-in of TensorRT")
    line, model = content[len(MAGIC) :].split(b"\n", 1)
    header: dict[str, Any] = json.loads(line)
    return header, model
