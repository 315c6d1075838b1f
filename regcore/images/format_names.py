"""What a file is that regcore does not take, from its first bytes."""

from __future__ import annotations

HEAD_BYTES = 32

_BEGINNINGS = {
    b"\xff\xd8\xff": "a damaged JPEG",
    b"\x89PNG\r\n\x1a\n": "a damaged PNG",
    b"GIF8": "a damaged GIF",
    b"\xff\x4f\xff\x51": "a JPEG 2000 codestream",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 image",
    b"\xff\x0a": "a JPEG XL image",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL image",
    b"8BPS": "a Photoshop (PSD) image",
    b"%PDF": "a PDF",
    b"%!PS": "a PostScript file",
    b"\x00\x00\x01\x00": "a Windows icon",
    b"qoif": "a QOI image",
    b"DDS ": "a DDS image",
    b"v/1\x01": "an OpenEXR image",
    b"#?RADIANCE": "a Radiance HDR image",
    b"icns": "an Apple icon",
    b"\x1f\x8b": "gzip data",
    b"PK\x03\x04": "a ZIP archive",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML text",
    b"<!DOCTYPE": "an HTML page",
    b"<!doctype": "an HTML page",
    b"<html": "an HTML page",
    b"version https://git-lfs": "a pointer of Git LFS, without the image",
}
#: Brands of ISO base media files (ISO/IEC 14496-12).
_BRANDS = {
    b"avif": "an AVIF image",
    b"avis": "an AVIF image",
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"), "a HEIC image"),
    **dict.fromkeys((b"mif1", b"msf1"), "a HEIF image"),
    b"crx ": "a Canon raw image",
}
_TGA_KINDS = (1, 2, 3, 9, 10, 11)


def format_of(head: bytes) -> str | None:
    """With its article, e.g. "a HEIC image"; None: unknown. `head` has HEAD_BYTES, or all."""
    if head[4:8] == b"ftyp":
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, len(head) - 3, 4))]
        names = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
        exact = [name for name in names if name != "a HEIF image"]
        return (exact or names or ["a video or another ISO media file"])[0]
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    return "a TGA image" if _is_tga(head) else None


def _is_tga(head: bytes) -> bool:
    """By the sense its header makes: the format has no mark at its beginning."""
    if len(head) < 18:  # noqa: PLR2004
        return False
    has_map, kind, depth = head[1], head[2], head[16]
    sizes = head[12:14] != b"\0\0" and head[14:16] != b"\0\0"
    map_fits = (kind in (1, 9)) == (has_map == 1) or (kind not in (1, 9) and has_map <= 1)
    return kind in _TGA_KINDS and map_fits and sizes and depth in (8, 15, 16, 24, 32)
