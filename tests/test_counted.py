"""One of a thing is told in the singular."""

from __future__ import annotations

import pytest

from regcore.counted import agreeing, counted, in_units


@pytest.mark.parametrize(
    ("noun", "none", "one", "two"),
    [
        ("image", "0 images", "1 image", "2 images"),
        ("class", "0 classes", "1 class", "2 classes"),
        ("batch", "0 batches", "1 batch", "2 batches"),
        ("entry", "0 entries", "1 entry", "2 entries"),
        ("array", "0 arrays", "1 array", "2 arrays"),
    ],
)
def test_regular_plurals(noun: str, none: str, one: str, two: str) -> None:
    assert [counted(number, noun) for number in range(3)] == [none, one, two]


def test_words_that_agree() -> None:
    assert counted(1, "image has", "images have") == "1 image has"
    assert counted(50_000, "image has", "images have", form=",") == "50,000 images have"
    assert [agreeing(number, "is", "are") for number in range(3)] == ["are", "is", "are"]


def test_bytes_in_units_that_fit() -> None:
    sizes = [0, 1000, 1536, 5 << 20, (5 << 20) + 1, 1 << 30, 2500 << 30]
    assert [in_units(size) for size in sizes] == [
        *("0 bytes", "1000 bytes", "1.5 KiB", "5 MiB", "5 MiB", "1 GiB", "2500 GiB")
    ]
    # More is needed than there is, and that shows.
    assert in_units((5 << 20) + 1, up=True) == "5.1 MiB"
    assert in_units(5 << 20, up=True) == "5 MiB"
