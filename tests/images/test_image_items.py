"""Images that are parts of files, and images whose bytes are asked for when their turn comes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like

from regcore import DecodeError, Preprocessor, Recipe, RegcoreError
from regcore.images.sources import FilePart, ImageOnDemand

RECIPE = Recipe(resize=40, crop=32)


class Asked(ImageOnDemand):
    """Gives bytes, or raises."""

    def __init__(self, content: object) -> None:
        self._content = content

    @property
    def name(self) -> str:
        return "asked.jpg"

    def read(self) -> bytes | memoryview:
        if isinstance(self._content, Exception):
            raise self._content
        return self._content  # type: ignore[return-value]


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [jpeg(photo_like(60 + 7 * i, 90 - 3 * i, i)) for i in range(9)]


def parts_of(photos: list[bytes], path: Path) -> list[FilePart]:
    path.write_bytes(b"".join(photos))
    ends = np.cumsum([len(photo) for photo in photos]).tolist()
    return [
        FilePart(str(path), end - len(photo), len(photo), f"all::{i}.jpg")
        for i, (end, photo) in enumerate(zip(ends, photos, strict=True))
    ]


def test_parts_and_images_on_demand_are_the_images_in_memory(
    photos: list[bytes], tmp_path: Path
) -> None:
    preprocessor = Preprocessor(RECIPE, workers=3)
    expected = preprocessor(photos)
    assert_same_bytes(preprocessor(parts_of(photos, tmp_path / "all")), expected)
    assert_same_bytes(preprocessor([Asked(memoryview(photo)) for photo in photos]), expected)


def test_what_pillow_decodes_may_be_a_part_or_on_demand(tmp_path: Path) -> None:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(photo_like(50, 60, 1)).save(file, "PNG")
    content = file.getvalue()
    (tmp_path / "all").write_bytes(b"before" + content + b"behind")
    part = FilePart(str(tmp_path / "all"), 6, len(content), "x.png")
    result = Preprocessor(RECIPE)([content, part, Asked(content)])
    assert_same_bytes(result[1], result[0])
    assert_same_bytes(result[2], result[0])


def test_each_failure_is_named_and_the_others_go_on(photos: list[bytes], tmp_path: Path) -> None:
    parts = parts_of(photos, tmp_path / "all")
    with (tmp_path / "all").open("r+b") as file:
        file.truncate(parts[-1].offset + 10)
    items = [
        *parts,
        Asked(OSError("page 3 is damaged")),
        Asked(DecodeError("x", "gone")),
        Asked(b""),
    ]
    found: dict[str, str] = {}
    good = 0
    with Preprocessor(RECIPE).stream(items, 4, on_error="report") as stream:
        for batch in stream:
            good += len(batch.indices)
            found |= {f"{error.index} {error.path}": error.detail for error in batch.errors}
    assert good == len(photos) - 1
    assert list(found) == ["8 all::8.jpg", "9 asked.jpg", "10 asked.jpg", "11 asked.jpg"]
    details = list(found.values())
    assert details[0].startswith("cut short: its file has")
    assert details[1:3] == ["page 3 is damaged", "gone"]


def test_an_error_of_the_environment_ends_the_work() -> None:
    with pytest.raises(RegcoreError, match="no network"):
        Preprocessor(RECIPE)([Asked(RegcoreError("no network"))])


def test_bytes_on_demand_are_let_go(photos: list[bytes]) -> None:
    import weakref

    class Content(np.ndarray):  # bytes take no weak references
        pass

    alive: list[weakref.ref[Content]] = []

    class Noting(Asked):
        def read(self) -> memoryview:
            content = np.frombuffer(photos[0], np.uint8).view(Content)
            alive.append(weakref.ref(content))
            return memoryview(content)  # type: ignore[arg-type]

    Preprocessor(RECIPE, workers=2)([Noting(b"") for _ in range(5)])
    assert len(alive) == 5
    assert not any(reference() is not None for reference in alive)


def test_a_stream_of_what_has_no_length_is_refused(photos: list[bytes]) -> None:
    """It would be read to its end before the first batch, and an endless one for ever."""
    with pytest.raises(TypeError, match=r"sequence of images, not a generator, .* give list\("):
        Preprocessor(RECIPE).stream((photo for photo in photos), 2)  # type: ignore[arg-type]
