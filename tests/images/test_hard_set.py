"""Every odd, damaged and hostile file of ../shared/data/hard, beside Pillow.

`pytest -s tests/images/test_hard_set.py` prints the table of docs/exactness.md.
"""

from __future__ import annotations

import faulthandler
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe
from regcore.images.pillow_decoder import FORMATS

RECIPE = Recipe(resize=40, crop=33, dtype="uint8")
SECONDS_PER_FILE = 60

EQUAL = "equal"
BOTH_FAIL = "clear error in both"
NOT_ALLOWED = "a format not on the list"

OTHER = "PNG, GIF, BMP, TIFF, WebP, PPM"
UNLISTED = "AVIF, JPEG 2000, PSD, TGA"
DAMAGED_JPEG = "JPEG, damaged or not RGB at 8 bits"
#: By the beginning of a path in the set; the first that fits.
KINDS = {
    **dict.fromkeys(("j_broken", "j_other", "j_parse", "j_prec", "j_trunc"), DAMAGED_JPEG),
    **dict.fromkeys(("j_lossless", "j_arith", "j_cmyk"), DAMAGED_JPEG),
    "j_": "JPEG",
    "bomb": "decompression bombs",
    "other_fail": "other formats, damaged",
    **dict.fromkeys(("BMP", "GIF", "PNG", "PPM", "TIFF", "WEBP", "n02105855_2933.JPEG"), OTHER),
    **dict.fromkeys(("AVIF", "JPEG2000", "PSD", "TGA"), UNLISTED),
}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def hard(shared_data: Path) -> list[Path]:
    folder = shared_data / "hard"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".tsv"]
    assert len(files) > 370
    return files


def by_pillow(path: Path) -> Any:
    try:
        return reference(str(path), RECIPE)
    except Exception as error:  # noqa: BLE001
        return error


def by_regcore(path: Path, preprocessor: Preprocessor) -> Any:
    faulthandler.dump_traceback_later(SECONDS_PER_FILE, exit=True)  # a hang ends the tests
    try:
        return preprocessor([path])[0]
    except DecodeError as error:
        return error
    finally:
        faulthandler.cancel_dump_traceback_later()


def verdict(path: Path, expected: Any, actual: Any) -> str:
    expected_fails = isinstance(expected, Exception)
    if isinstance(actual, DecodeError):
        assert "\n" not in actual.detail.strip()
        assert len(actual.detail) > 5
        if expected_fails:
            return BOTH_FAIL
        with Image.open(path) as image:
            if image.format not in FORMATS and "not an image of a known format" in actual.detail:
                return NOT_ALLOWED
        return f"only regcore fails: {actual.detail}"
    if expected_fails:
        return f"only Pillow fails: {expected!r}"
    return EQUAL if np.array_equal(expected, actual) else "other pixels"


@pytest.mark.slow
@pytest.mark.parametrize("full_decode", [False, True], ids=["region", "full"])
def test_equal_to_pillow_refused_by_both_or_listed(
    hard: list[Path], shared_data: Path, *, full_decode: bool
) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1, full_decode=full_decode)
    table: dict[str, Counter[str]] = {}
    for path in hard:
        name = path.relative_to(shared_data / "hard").as_posix()
        kind = next(kind for prefix, kind in KINDS.items() if name.startswith(prefix))
        outcome = verdict(path, by_pillow(path), by_regcore(path, preprocessor))
        table.setdefault(kind, Counter())[outcome] += 1
    total: Counter[str] = sum(table.values(), Counter())
    print("\n| category | files | equal to Pillow | clear error in both | differing |")  # noqa: T201
    for kind, counts in sorted(table.items()):
        listed = counts.total() - counts[EQUAL] - counts[BOTH_FAIL]
        row = (kind, counts.total(), counts[EQUAL], counts[BOTH_FAIL], listed)
        print("|", " | ".join(map(str, row)), "|")  # noqa: T201
    assert set(total) <= {EQUAL, BOTH_FAIL, NOT_ALLOWED}, total
    assert total[EQUAL] > 190


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 8])
def test_the_same_for_any_number_of_workers(hard: list[Path], workers: int) -> None:
    alone = Preprocessor(RECIPE, workers=1, full_decode=True)
    faulthandler.dump_traceback_later(10 * SECONDS_PER_FILE, exit=True)
    seen: list[int] = []
    with Preprocessor(RECIPE, workers=workers).stream(hard, 16, on_error="report") as stream:
        for batch in stream:
            seen += [error.index for error in batch.errors]
            for index, image in zip(batch.indices.tolist(), batch.images, strict=True):
                seen.append(index)
                np.testing.assert_array_equal(image, alone([hard[index]])[0])
    faulthandler.cancel_dump_traceback_later()
    assert sorted(seen) == list(range(len(hard)))
