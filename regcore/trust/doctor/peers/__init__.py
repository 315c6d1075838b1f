"""The libraries that are compared: one file each, with a PEER, which imports it when asked."""

from __future__ import annotations

#: The modules by the peer's name, in the order of the matrix.
PEERS = {
    name: f"{__name__}.{module}"
    for name, module in (
        ("regcore", "own"),
        ("pillow", "pillow"),
        ("torchvision", "torchvision"),
        ("huggingface", "huggingface"),
        ("opencv", "opencv"),
        ("simplejpeg", "simplejpeg"),
        ("torchcodec", "torchcodec"),
        ("dali", "dali"),
        ("tensorflow", "tensorflow"),
    )
}
