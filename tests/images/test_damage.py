"""Damaged files: what Pillow refuses is refused, and no file touches another's pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like, reference

from regcore import DecodeError, Preprocessor, Recipe

SMALL = Recipe(resize=40, crop=33)
WHOLE = jpeg(photo_like(300, 400), subsampling="4:2:0")


def without(photo: bytes, marker: bytes) -> bytes:
    """The file without its segments of that marker."""
    result = photo
    while marker in result[: result.index(b"\xff\xda")]:
        begin = result.index(marker)
        end = begin + 2 + int.from_bytes(result[begin + 2 : begin + 4], "big")
        result = result[:begin] + result[end:]
    return result


def outcome(preprocessor: Preprocessor, items: list[bytes]) -> Any:
    try:
        return preprocessor(items)[-1]
    except DecodeError as error:
        return error.detail


@pytest.mark.parametrize("marker", [b"\xff\xdb", b"\xff\xc4"], ids=["quantisation", "Huffman"])
def test_tables_do_not_pass_from_one_file_to_the_next(marker: bytes) -> None:
    lacking = without(WHOLE, marker)
    other = jpeg(photo_like(90, 90, 3), quality=20, optimize=True)
    alone = outcome(Preprocessor(SMALL, workers=1), [lacking])
    after = outcome(Preprocessor(SMALL, workers=1), [other, lacking])
    assert type(alone) is type(after)
    if isinstance(alone, str):
        assert alone == after
    else:
        assert_same_bytes(after, alone)


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True], ids=["region", "full"])
def test_stray_markers_are_refused_where_pillow_refuses_them(*, full: bool) -> None:
    """Also behind the part that the crop needs."""
    rng = np.random.default_rng(5)
    preprocessor = Preprocessor(SMALL, workers=1, full_decode=full)
    refused = 0
    scan = WHOLE.index(b"\xff\xda") + 14
    for _ in range(150):
        damaged = bytearray(WHOLE)
        place = int(rng.integers(scan, len(WHOLE) - 40))
        length = int(rng.integers(2, 40))
        damaged[place : place + length] = rng.integers(0, 256, length, np.uint8).tobytes()
        damaged[place] = 0xFF
        item = bytes(damaged)
        try:
            expected = reference(item, SMALL)
        except OSError:
            refused += 1
            with pytest.raises(DecodeError):
                preprocessor([item])
            continue
        assert_same_bytes(preprocessor([item])[0], expected)
    assert refused > 20


def test_a_resize_beyond_all_numbers_is_refused() -> None:
    strip = np.zeros((1, 140_000, 3), np.uint8)
    with pytest.raises(DecodeError, match="140000 x 1 cannot be resized"):
        Preprocessor(Recipe(resize=16384, crop=1), workers=1)([strip])
