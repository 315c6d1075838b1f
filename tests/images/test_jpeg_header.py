"""The segments of a JPEG, mutated: what Pillow refuses is refused, all else has its pixels."""

from __future__ import annotations

import io
import random
import struct
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from oracles import jpeg, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe
from regcore.images.diagnostics import Diagnostic

RECIPE = Recipe(resize=20, crop=16, dtype="uint8")
PHOTO = jpeg(photo_like(33, 40))
XMP = b"http://ns.adobe.com/xap/1.0/\0"
#: Pillow's C decoder reads so many bytes at a time.
BLOCK = 65536

pytestmark = pytest.mark.filterwarnings("ignore")


def segment(code: int, body: bytes, length: int | None = None) -> bytes:
    size = len(body) + 2 if length is None else length
    return b"\xff" + bytes([code]) + size.to_bytes(2, "big") + body


def with_segments(*segments: bytes) -> bytes:
    return PHOTO[:2] + b"".join(segments) + PHOTO[2:]


def by_pillow(item: bytes) -> tuple[np.ndarray, int] | None:
    """The pixels and the orientation; None: refused."""
    try:
        pixels = reference(item, RECIPE)
        with Image.open(io.BytesIO(item)) as image:
            image.load()
            try:
                value = image.getexif().get(0x0112, 1)
            except Exception:  # noqa: BLE001
                value = 1
    except Exception:  # noqa: BLE001
        return None
    return pixels, int(value) if value in range(1, 9) else 1


def by_regcore(item: bytes, core: Preprocessor) -> tuple[np.ndarray, int] | None:
    found: list[Diagnostic] = []
    try:
        pixels = core([item], on_diagnostic=found.append)[0]
    except DecodeError:
        return None
    return pixels, found[0].orientation if found else 1


def assert_as_pillow(items: Iterator[bytes] | list[bytes]) -> tuple[int, int]:
    """How many were taken and refused by both."""
    core = Preprocessor(RECIPE, workers=1)
    taken = refused = 0
    for number, item in enumerate(items):
        expected, actual = by_pillow(item), by_regcore(item, core)
        what = f"item {number}, {item[:200].hex()}"
        assert (expected is None) == (actual is None), what
        if expected is None or actual is None:
            refused += 1
            continue
        taken += 1
        assert np.array_equal(expected[0], actual[0]), what
        assert expected[1] == actual[1], what
    return taken, refused


def tiff(entries: list[bytes], order: str = "<", tail: bytes = b"", at: int = 8) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "L", at) + bytes(at - 8)
    return head + struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4) + tail


def entry(tag: int, kind: int, count: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HHL", tag, kind, count) + value.ljust(4, b"\0")[:4]


REFUSED = {
    "the APP13 segment (Photoshop) is cut short": segment(0xED, b"Photoshop 3.0\0008BIM\x04\x04"),
    "an APP2 segment (ICC profile) is cut short": segment(0xE2, b"ICC_PROFILE\0"),
    "the APP14 segment (Adobe) is cut short": segment(0xEE, b"Adobe"),
    "the APP0 segment (JFIF) is cut short": segment(0xE0, b"JFIF"),
    "the marker FF 01 stands before the first scan": b"\xff\x01",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_pillow_refuses_is_named(words: str) -> None:
    item = with_segments(REFUSED[words])
    assert by_pillow(item) is None
    with pytest.raises(DecodeError, match=words.replace("(", r"\(").replace(")", r"\)")):
        Preprocessor(RECIPE)([item])


def test_a_resolution_that_is_no_number_is_named() -> None:
    block = b"Exif\0\0" + tiff([entry(0x0128, 3, 1, b"\2"), entry(0x011A, 2, 1, b"7")])
    item = PHOTO[:2] + segment(0xE1, block) + PHOTO[20:]  # without the density of JFIF
    assert by_pillow(item) is None
    with pytest.raises(DecodeError, match=r"APP1 segment \(EXIF\) has a resolution"):
        Preprocessor(RECIPE)([item])


def segment_mutations(count: int) -> Iterator[bytes]:
    """Segments of every kind that Pillow knows, cut, stretched and filled at random."""
    chance = random.Random(7)  # noqa: S311
    bodies = [
        b"JFIF\0\1\1\1\0\1\0\1\0\0",
        b"Exif\0\0" + tiff([entry(0x0128, 3, 1, b"\2"), entry(0x0112, 3, 1, b"\6")]),
        b"Exif\0\0" + tiff([entry(0x0128, 3, 1, b"\2"), entry(0x011A, 2, 2, b"72")]),
        XMP + b'<x tiff:Orientation="6"/>',
        b"ICC_PROFILE\0\1\1data",
        b"MPF\0" + tiff([entry(0xB001, 4, 1, b"\2"), entry(0xB002, 7, 4, b"abcd")]),
        b"FPXR\0\0",
        b"Photoshop 3.0\0008BIM\3\xed\0\0\0\0\0\2ab8BIM\4\4\0\0\0\0\0\0",
        b"Photoshop 3.0\0008BIM\4\4\3abc\0\0\0\1a\0" + b"8BIM\3\xed\0\0\0\0\0\x0e" + bytes(14),
        b"Adobe\0d\0\0\0\0\1",
        b"",
    ]
    codes = [0xE0, 0xE1, 0xE1, 0xE1, 0xE2, 0xE2, 0xE2, 0xED, 0xED, 0xEE, 0xFE]
    between = [
        b"",
        b"",
        b"",
        b"",
        b"",
        b"\xff",
        b"\xff\xff",
        b"junk",
        b"\xff\0",
        b"\xff\1",
        b"\xff\xd3",
    ]
    for _ in range(count):
        parts = []
        for _ in range(chance.randint(1, 3)):
            which = chance.randrange(len(bodies))
            body = bytearray(bodies[which])
            if chance.random() < 0.6:
                body = body[: chance.randint(0, len(body))]
            for _ in range(chance.choice([0, 0, 1, 2])):
                if body:
                    body[chance.randrange(len(body))] = chance.choice([0, 1, 2, 7, 32, 255])
            length = chance.choice([0, 1]) if not body and chance.random() < 0.5 else None
            parts += [segment(codes[which], bytes(body), length), chance.choice(between)]
        start = 20 if chance.random() < 0.5 else 2  # with or without the photo's own JFIF segment
        yield PHOTO[:2] + b"".join(parts) + PHOTO[start:]


@pytest.mark.slow
def test_mutated_segments_are_refused_where_pillow_does() -> None:
    taken, refused = assert_as_pillow(segment_mutations(1500))
    assert taken > 300
    assert refused > 100


XMP_FORMS = ('tiff:Orientation="%d"', "<tiff:Orientation>%d<", "tiff:Orientation=%d")


def exif_mutations(count: int) -> Iterator[bytes]:
    chance = random.Random(11)  # noqa: S311
    sizes = {
        1: 1,
        2: 1,
        3: 2,
        4: 4,
        5: 8,
        6: 1,
        7: 1,
        8: 2,
        9: 4,
        10: 8,
        11: 4,
        12: 8,
        13: 4,
        16: 8,
    }
    for _ in range(count):
        order = chance.choice("<>")
        base = 8
        entries = []
        tail = struct.pack(order + "LLfd", 6, 1, 6.0, 6.0) + struct.pack(order + "LL", 12, 2)
        tail += struct.pack(order + "4H", 6, 7, 8, 3) + struct.pack(order + "Q", 6)
        number = chance.randint(1, 3)
        tail_at = base + 2 + 12 * number + 4
        for _ in range(number):
            tag = chance.choice([0x0112, 0x0112, 0x0112, 0x011A, 0x0128, 0x010F])
            kind = chance.choice([*sizes, 3, 3, 4, 0, 14, 99])
            units = chance.choice([0, 1, 1, 1, 1, 2, 4, 2**31])
            if sizes.get(kind, 1) * units > 4:
                place = tail_at + chance.choice([0, 8, 12, 20, 28, 36, 40, 1000, 2**31])
                value = struct.pack(order + "L", place)
            else:
                form = {2: "H", 1: "B", 4: "L"}.get(sizes.get(kind, 2), "H")
                value = struct.pack(order + form, chance.choice([6, 6, 0, 9, 3, 8, 55]))
                if kind == 11:
                    value = struct.pack(order + "f", chance.choice([6.0, 6.5]))
            entries.append(entry(tag, kind, units, value, order))
        block = bytearray(tiff(entries, order, tail, base))
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            block[chance.randrange(len(block))] = chance.choice([0, 1, 6, 42, 43, 73, 77, 255])
        if chance.random() < 0.2:
            del block[chance.randint(0, len(block)) :]
        prefix = b"Exif\0\0" * chance.choice([1, 1, 1, 2])
        parts = [segment(0xE1, prefix + bytes(block))]
        if chance.random() < 0.2:
            cut = chance.randint(0, len(block))
            parts = [
                segment(0xE1, b"Exif\0\0" + p) for p in (bytes(block[:cut]), bytes(block[cut:]))
            ]
        if chance.random() < 0.3:
            form = chance.choice(
                ['tiff:Orientation="%d"', "<tiff:Orientation>%d<", "tiff:Orientation=%d"]
            )
            parts.append(segment(0xE1, XMP + (form % chance.choice([6, 8, 0, 9])).encode()))
        chance.shuffle(parts)
        yield PHOTO[:2] + b"".join(parts) + PHOTO[chance.choice([2, 20]) :]


@pytest.mark.slow
def test_mutated_exif_gives_pillows_orientation() -> None:
    taken, refused = assert_as_pillow(exif_mutations(4000))
    assert taken > 2000
    assert refused > 2


BEHIND = (b"\xff\xd8", b"\xff\x34", b"\xff\xc0\0\x11", b"\xff\xd9", b"\xff\xda\0\2", b"")


def ends() -> Iterator[bytes]:
    """The picture, and what follows at and around the ends of the blocks that Pillow reads."""
    for photo in (PHOTO, jpeg(photo_like(33, 40), progressive=True)):
        for behind in (
            b"\xff\xd8",
            b"\xff\x34",
            b"\xff\xc0\0\x11",
            b"\xff\xd9",
            b"\xff\xda\0\2",
            b"",
        ):
            for eoi in (b"", b"\xff\xd9"):
                for place in (0, 1, 2, 3, 5, 70000):
                    room = BLOCK - len(photo) + place if place < 100 else place
                    yield photo[:-2] + eoi + bytes(room - 2) + behind
                for skip in (60000, 65500, 65533):
                    yield photo[:-2] + eoi + segment(0xFE, bytes(skip)) + bytes(2000) + behind
        comment = segment(0xFE, bytes(65000))
        for place in range(-4, 5):  # headers and data across the ends of blocks
            filler = segment(0xFE, bytes(BLOCK - len(photo) // 2 + place - 70))
            yield photo[:2] + filler + photo[2:]
            yield photo[:2] + comment + filler + photo[2:-2] + b"\xff\x34"


def test_what_pillow_never_reaches_does_not_refuse_the_picture() -> None:
    taken, refused = assert_as_pillow(ends())
    assert taken > 60
    assert refused > 20


def test_tables_may_come_as_an_image_of_their_own() -> None:
    at = PHOTO.index(b"\xff\xdb")
    frame = PHOTO.index(b"\xff\xc0")
    item = PHOTO[:2] + PHOTO[at:frame] + b"\xff\xd9" + PHOTO[:2] + PHOTO[frame:]
    assert assert_as_pillow([item]) == (1, 0)


def test_twelve_bits_and_two_components_are_named() -> None:
    frame = PHOTO.index(b"\xff\xc0")
    twelve, two = bytearray(PHOTO), bytearray(PHOTO)
    twelve[frame + 4] = 12
    two[frame + 9] = 2
    with pytest.raises(DecodeError, match="12-bit precision is not supported"):
        Preprocessor(RECIPE)([bytes(twelve)])
    with pytest.raises(DecodeError, match="2 components is not supported"):
        Preprocessor(RECIPE)([bytes(two)])
    with pytest.raises(DecodeError, match="the file is empty"):
        Preprocessor(RECIPE)([b""])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert by_pillow(bytes(twelve)) is None
