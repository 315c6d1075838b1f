"""CMYK and YCCK JPEGs: Pillow's convert("RGB") of them, byte for byte, without Pillow."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, has_order_of_its_own, open_rgb, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe, decode, resize, simd_levels

RECIPE = Recipe(resize=40, crop=33)
SIZES = [(1, 1), (1, 9), (2, 3), (7, 5), (16, 16), (17, 33), (13, 300), (601, 19), (255, 257)]


def inks(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Cyan, magenta, yellow and black, of which each has every value."""
    black = photo_like(width, height, seed + 1)[..., :1]
    return np.concatenate([photo_like(width, height, seed), black], axis=-1)


def by_pillow(**options: Any) -> Callable[[NDArray[np.uint8]], bytes]:
    """CMYK with an Adobe marker; subsampled ones have black of as few samples as the inks."""

    def encode(pixels: NDArray[np.uint8]) -> bytes:
        file = io.BytesIO()
        Image.fromarray(pixels, "CMYK").save(file, "JPEG", **{"quality": 90, **options})
        return file.getvalue()

    return encode


def by_turbo(sampling: str) -> Callable[[NDArray[np.uint8]], bytes]:
    """YCCK with an Adobe marker, and black of as many samples as luma."""

    def encode(pixels: NDArray[np.uint8]) -> bytes:
        encoded: bytes = simplejpeg.encode_jpeg(
            pixels, quality=90, colorspace="CMYK", colorsubsampling=sampling
        )
        return encoded

    return encode


def with_transform(transform: int) -> Callable[[NDArray[np.uint8]], bytes]:
    """CMYK whose Adobe marker says something else."""

    def encode(pixels: NDArray[np.uint8]) -> bytes:
        encoded = by_pillow()(pixels)
        place = encoded.index(b"Adobe") + 11
        return encoded[:place] + bytes([transform]) + encoded[place + 1 :]

    return encode


def without_marker(pixels: NDArray[np.uint8]) -> bytes:
    encoded = by_pillow()(pixels)
    adobe = encoded.index(b"Adobe")
    return encoded[: adobe - 4] + encoded[adobe + 12 :]


KINDS: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "CMYK": by_pillow(),
    "CMYK without a marker": without_marker,
    "CMYK 4:2:2": by_pillow(subsampling="4:2:2"),
    "CMYK 4:2:0": by_pillow(subsampling="4:2:0"),
    "CMYK, restarts": by_pillow(restart_marker_blocks=3),
    "CMYK, own tables": by_pillow(optimize=True),
    "CMYK progressive": by_pillow(progressive=True),
    "CMYK progressive 4:2:0": by_pillow(progressive=True, subsampling="4:2:0"),
    "CMYK progressive, restarts": by_pillow(progressive=True, restart_marker_rows=1),
    **{f"transform {number}": with_transform(number) for number in (1, 2, 7)},
    **{f"YCCK {sampling}": by_turbo(sampling) for sampling in ("444", "422", "420", "440", "411")},
}


@pytest.fixture
def no_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks Pillow for pixels fails."""

    def refuse(*_: Any) -> int:
        raise AssertionError("Pillow was asked")

    monkeypatch.setattr("regcore.images.preprocessor.decode_rgb", refuse)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("full", [False, True], ids=["region", "full"])
@pytest.mark.usefixtures("no_pillow")
def test_the_pixels_of_pillow(simd: str, kind: str, *, full: bool) -> None:
    files = [KINDS[kind](inks(*size)) for size in SIZES]
    expected = [reference(file, RECIPE) for file in files]
    for workers in (1, 3):
        ours = Preprocessor(RECIPE, workers=workers, full_decode=full)(files)
        for result, of_pillow in zip(ours, expected, strict=True):
            assert_same_bytes(result, of_pillow)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    kind=st.sampled_from(sorted(KINDS)),
    resize=st.integers(1, 120),
    crop=st.integers(1, 120),
    workers=st.integers(1, 4),
    level=st.sampled_from(simd_levels()),
    seed=st.integers(0, 1000),
)
def test_any_size_and_kind(
    width: int, height: int, kind: str, resize: int, crop: int, workers: int, level: str, seed: int
) -> None:
    assume(not has_order_of_its_own(width, height))
    recipe = Recipe(resize=max(resize, crop), crop=min(resize, crop), dtype="uint8")
    files = [KINDS[kind](inks(width, height, seed + i)) for i in range(workers)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGCORE_SIMD", level)
        ours = Preprocessor(recipe, workers=workers)(files)
    for result, file in zip(ours, files, strict=True):
        assert_same_bytes(result, reference(file, recipe))


def test_every_ink_with_every_black(simd: str) -> None:
    """Blocks of one colour, which a JPEG of the best quality holds exactly."""
    ink, black = np.meshgrid(np.arange(256), np.arange(256))
    blocks = np.stack([ink, ink[:, ::-1], (7 * ink + black) % 256, black], axis=-1)
    pixels = blocks.astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    file = by_pillow(quality=100)(pixels)
    assert_same_bytes(np.asarray(Image.open(io.BytesIO(file))), pixels)
    expected = np.asarray(Image.fromarray(pixels, "CMYK").convert("RGB"))
    assert_same_bytes(decode([file])[0], expected)
    unchanged = Recipe(resize=None, crop=expected.shape[:2], dtype="uint8", layout="nhwc")
    assert_same_bytes(Preprocessor(unchanged)([file])[0], expected)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", KINDS)
def test_whole_pictures_in_every_mode(kind: str, mode: Any) -> None:
    file = KINDS[kind](inks(61, 83))
    expected = Image.open(io.BytesIO(file)).convert(mode)
    assert_same_bytes(decode([file], mode=mode)[0], np.asarray(expected))
    smaller = expected.resize((31, 40), Image.Resampling.BICUBIC)
    assert_same_bytes(resize([file], (31, 40), mode=mode)[0], np.asarray(smaller))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["CMYK", "CMYK progressive", "YCCK 420", "CMYK, restarts"])
@pytest.mark.usefixtures("no_pillow")
def test_damage_is_repaired_as_by_pillow_and_counted(kind: str) -> None:
    rng = np.random.default_rng(2)
    whole = KINDS[kind](inks(120, 90))
    region = Preprocessor(RECIPE, workers=1)
    full = Preprocessor(RECIPE, workers=1, full_decode=True)
    repaired = 0
    for _ in range(150):
        item = bytearray(whole)
        for place in rng.integers(len(whole) // 3, len(whole), rng.integers(1, 4)):
            item[place] = rng.integers(0, 256)
        try:
            expected = reference(bytes(item), RECIPE)
        except OSError:
            for preprocessor in (region, full):
                with pytest.raises(DecodeError):
                    preprocessor([bytes(item)])
            continue
        found: list[list[Any]] = [[], []]
        for preprocessor, diagnostics in zip((region, full), found, strict=True):
            result = preprocessor([bytes(item)], on_diagnostic=diagnostics.append)
            assert_same_bytes(result[0], expected)
        assert found[0] == found[1]
        repaired += bool(found[0])
    assert repaired > 20


def test_damage_is_refused_where_that_is_asked_for() -> None:
    file = with_transform(7)(inks(50, 60))  # of which libjpeg warns
    assert_same_bytes(Preprocessor(RECIPE)([file])[0], reference(file, RECIPE))
    with pytest.raises(DecodeError, match="Adobe color transform code 7"):
        Preprocessor(RECIPE, on_warning="fail")([file])


def test_a_file_cut_short_is_refused() -> None:
    whole = by_turbo("420")(inks(120, 90))
    for cut in (100, len(whole) // 2):
        with pytest.raises(OSError, match="truncated"):
            open_rgb(whole[:-cut])
        with pytest.raises(DecodeError, match="cut short"):
            Preprocessor(RECIPE)([whole[:-cut]])
