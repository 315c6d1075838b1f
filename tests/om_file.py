"""What the stand-in of atc writes in place of an .om, for emulated drivers to load.

The format:
  line 1   `IMOD stand-in 1`: the first four bytes are those of a real .om
  line 2   a JSON object:
             soc        the --soc_version
             batch      the batch sizes: one, or the gears of --dynamic_batch_size
             dynamic    whether these are gears, so that there is a second input,
                        `ascend_mbatch_shape_data`
             input      the name of the image input
             shape      of one image as the device takes it: NHWC with AIPP
             dtype      "uint8" with AIPP, else that of the ONNX model
             aipp       null, or {"min_chn": [3 numbers], "var_reci_chn": [3 numbers]}
             precision  the precision_mode(_v2), "force_fp16" where none was given
  the rest  the bytes of the ONNX model
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAGIC = b"IMOD stand-in 1\n"


def write_om(path: Path, header: dict[str, Any], model: bytes) -> None:
    """Writes the file in one go."""
    path.write_bytes(MAGIC + json.dumps(header).encode() + b"\n" + model)


def read_om(path: Path) -> tuple[dict[str, Any], bytes]:
    """The header and the ONNX model; ValueError for another file."""
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise ValueError(f"{path}: not written by the stand-in of atc")
    line, model = content[len(MAGIC) :].split(b"\n", 1)
    header: dict[str, Any] = json.loads(line)
    return header, model
