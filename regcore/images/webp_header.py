"""The size of a WebP picture from its first bytes: Pillow allocates two canvases to open one."""

from __future__ import annotations

HEADER_BYTES = 30


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, of the canvas if it is animated; None: not the start of a WebP.

    `head` has the first HEADER_BYTES of a file. WebP Container Specification; RFC 6386, 9.1, of
    lossy pictures; WebP Lossless Bitstream Specification, 3.
    """
    if len(head) < HEADER_BYTES or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8 ":
        bits = int.from_bytes(head[26:30], "little")  # 14 of each side, and 2 of its scale
        return bits & 0x3FFF, bits >> 16 & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")  # after a signature of one byte
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None
