"""The resize of whole pictures, byte for byte that of Pillow."""

from __future__ import annotations

import io
import os
import signal
import time
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, photo_like
from PIL import Image

from regcore import DecodeError, UsageError, resize
from regcore._native.choices import FILTERS, RESIZE_FILTERS
from regcore.images import picture_workers
from regcore.recipes.recipe import installed_pass_order

Pixels = NDArray[np.uint8]

NEWEST = installed_pass_order() == "pillow13"
PILLOW_9 = "pillow9"
KNOWN = RESIZE_FILTERS if NEWEST else FILTERS


def pillow(
    pixels: Pixels | Image.Image,
    size: tuple[int, int],
    name: str = "bicubic",
    box: Sequence[float] | None = None,
    gap: float | None = None,
) -> Pixels:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    by = Image.Resampling[name.upper()]
    return np.asarray(image.resize(size, by, None if box is None else tuple(box), gap))


@cache
def picture(height: int, width: int, channels: int, kind: str = "photo", seed: int = 0) -> Pixels:
    random = np.random.default_rng(seed)
    if kind == "photo":
        planes = [photo_like(width, height, seed=seed + n)[:, :, 0] for n in range(channels)]
        pixels = np.stack(planes, axis=2)
    else:
        pixels = random.integers(0, 256, (height, width, channels), dtype=np.uint8)
    if kind == "black and white":
        pixels = (pixels // 128 * 255).astype(np.uint8)
    pixels.flags.writeable = False
    return pixels[:, :, 0] if channels == 1 else pixels


def encoded(pixels: Pixels, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@st.composite
def cases(draw: st.DrawFn) -> tuple[Pixels, tuple[int, int], dict[str, Any]]:
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    pixels = picture(
        height,
        width,
        draw(st.sampled_from((1, 3, 4))),
        draw(st.sampled_from(("noise", "black and white"))),
        draw(st.integers(0, 99)),
    )
    size = (draw(st.integers(1, 100)), draw(st.integers(1, 100)))
    options: dict[str, Any] = {"filter": draw(st.sampled_from(KNOWN))}
    options["reducing_gap"] = draw(st.none() | st.floats(1, 4))
    if draw(st.booleans()):
        side = st.floats if draw(st.booleans()) else lambda *ends: st.integers(*map(int, ends))
        xs = sorted((draw(side(0, width)), draw(side(0, width))))
        ys = sorted((draw(side(0, height)), draw(side(0, height))))
        options["box"] = (xs[0], ys[0], xs[1], ys[1])
    return pixels, size, options


def check_case(case: tuple[Pixels, tuple[int, int], dict[str, Any]], workers: int) -> None:
    pixels, size, options = case
    try:
        expected = pillow(
            pixels, size, options["filter"], options.get("box"), options["reducing_gap"]
        )
    except ValueError:  # a box without an area, where Pillow would reduce it
        with pytest.raises(DecodeError, match="the box is empty"):
            resize([pixels], size, workers=workers, **options)
        return
    assert_same_bytes(resize([pixels], size, workers=workers, **options)[0], expected)


@given(cases(), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_any_picture(case: Any, workers: int) -> None:
    check_case(case, workers)


@pytest.mark.slow
@given(case=cases())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_picture_at_every_level(simd: str, case: Any) -> None:
    check_case(case, 1)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(682, 512), (1100, 780), (97, 801), (512, 64)])
def test_photos_at_every_level(simd: str, channels: int, size: tuple[int, int]) -> None:
    pixels = picture(600, 800, channels)
    for name in KNOWN:
        assert_same_bytes(
            resize([pixels], size, filter=name, workers=1)[0], pillow(pixels, size, name)
        )


@pytest.mark.parametrize("size", [(400, 230), (40, 30), (900, 30), (30, 700)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_bands_of_several_workers(channels: int, size: tuple[int, int]) -> None:
    pixels = picture(1100, 900, channels)
    expected = pillow(pixels, size, "lanczos", gap=None)
    for workers in (1, 2, 4):
        actual = resize([pixels] * 3, size, filter="lanczos", workers=workers)
        for result in actual:
            assert_same_bytes(result, expected)


@pytest.mark.skipif(not NEWEST, reason="needs Pillow 13")
def test_the_height_goes_first_where_it_shrinks_more() -> None:
    pixels = picture(700, 90, 3)
    first, second = (
        resize([pixels], (80, 100), pass_order=order)[0] for order in ("pillow13", "pillow9")
    )
    assert_same_bytes(first, pillow(pixels, (80, 100)))
    # Pillow 9's order: the width by itself, and then the height.
    narrow = pillow(pixels, (80, 700))
    assert_same_bytes(second, pillow(narrow, (80, 100)))
    assert not np.array_equal(first, second)


def test_the_reducing_gap_of_rgba_is_new_in_pillow_13() -> None:
    pixels = picture(200, 300, 4)
    old = resize([pixels], (40, 30), reducing_gap=1.5, pass_order=PILLOW_9)[0]
    assert_same_bytes(old, resize([pixels], (40, 30), pass_order=PILLOW_9)[0])
    if NEWEST:
        new = resize([pixels], (40, 30), reducing_gap=1.5)[0]
        assert_same_bytes(new, pillow(pixels, (40, 30), gap=1.5))
        assert not np.array_equal(new, old)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_files_in_every_mode(mode: Any, tmp_path: Any) -> None:
    photo = picture(90, 140, 3)
    files = [
        encoded(photo, "JPEG"),
        encoded(photo, "PNG"),
        encoded(picture(90, 140, 4), "PNG"),
        encoded(picture(90, 140, 1), "JPEG"),
        encoded(np.asarray(Image.fromarray(photo).convert("CMYK")), "TIFF"),
    ]
    path = tmp_path / "photo.jpg"
    path.write_bytes(files[0])
    actual = resize([*files, path], (50, 30), mode=mode, box=(1.5, 2, 130, 80.25), workers=2)
    for file, result in zip([*files, files[0]], actual, strict=True):
        image = Image.open(io.BytesIO(file)).convert(mode)
        assert_same_bytes(result, pillow(image, (50, 30), box=(1.5, 2, 130, 80.25)))


def test_images_of_pillow_keep_their_mode() -> None:
    for channels in (1, 3, 4):
        image = Image.fromarray(picture(40, 50, channels))
        assert_same_bytes(resize([image], (20, 30))[0], pillow(image, (20, 30)))
    palette = Image.fromarray(picture(40, 50, 3)).convert("P")
    assert_same_bytes(resize([palette], (20, 30))[0], pillow(palette.convert("RGB"), (20, 30)))


def test_sizes_boxes_and_filters_of_each() -> None:
    pixels = [picture(40 + n, 50, 3, seed=n) for n in range(4)]
    sizes = [(10 + n, 60 - n) for n in range(4)]
    boxes = [None, (0, 0, 25.5, 40), (1, 2, 3, 4), None]
    actual = resize(pixels, sizes, box=boxes, filter=Image.Resampling.LANCZOS, workers=3)
    for one, size, box, result in zip(pixels, sizes, boxes, actual, strict=True):
        assert_same_bytes(result, pillow(one, size, "lanczos", box))


def test_sizes_and_boxes_in_arrays() -> None:
    pixels = [picture(40, 50, 3), picture(41, 50, 3)]
    boxes = np.array([(0, 0, 25.5, 40), (1, 2, 3, 4)])
    sizes = np.array([(10, 20), (30, 8)])
    actual = resize(pixels, sizes, box=boxes)  # type: ignore[arg-type]
    for one, size, box, result in zip(pixels, sizes, boxes, actual, strict=True):
        assert_same_bytes(result, pillow(one, tuple(size), box=box))


@pytest.mark.parametrize("flip", ["columns", "rows", "channels", "steps"])
def test_pixels_of_any_strides(flip: str) -> None:
    pixels = {
        "columns": picture(40, 50, 3)[:, ::-1],
        "rows": picture(40, 50, 3)[::-1],
        "channels": picture(40, 50, 3)[:, :, ::-1],
        "steps": picture(80, 50, 4)[::2],
    }[flip]
    expected = pillow(np.ascontiguousarray(pixels), (30, 20))
    assert_same_bytes(resize([pixels], (30, 20))[0], expected)


def test_an_axis_of_one_channel_stays() -> None:
    pixels = picture(40, 50, 1)
    assert_same_bytes(resize([pixels[:, :, None]], (9, 8))[0][:, :, 0], pillow(pixels, (9, 8)))


def test_results_in_the_memory_of_the_caller() -> None:
    pixels = [picture(40, 50, channels) for channels in (1, 3, 4)]
    batch = np.zeros((2, 8, 9, 3), np.uint8)
    out = [np.zeros((8, 9), np.uint8), batch[1], np.zeros((8, 9, 4), np.uint8)]
    assert resize(pixels, (9, 8), out=out)[1] is out[1]
    for one, result in zip(pixels, out, strict=True):
        assert_same_bytes(result, pillow(one, (9, 8)))
    assert not batch[0].any()


def test_a_bad_picture_is_named() -> None:
    good, bad = picture(40, 50, 3), encoded(picture(40, 50, 3), "JPEG")[:400]
    with pytest.raises(DecodeError, match=r"^item 1: ") as raised:
        resize([good, bad, b"no picture"], (9, 8), workers=2)
    assert raised.value.index == 1
    results = resize([good, bad, b"no picture"], (9, 8), on_error="report")
    assert_same_bytes(results[0], pillow(good, (9, 8)))
    assert [str(one).split(":")[0] for one in results[1:]] == ["item 1", "item 2"]
    with pytest.raises(DecodeError, match="item 0: 50 x 40 pixels are less than the box"):
        resize([good], (9, 8), box=(0, 0, 51, 40))


PIXELS = picture(6, 5, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": (0, 3)}, "a width must be 1 to"),
        ({"sizes": [(1, 2), (3, 4)]}, "1 image needs one size or as many, not 2"),
        ({"sizes": [(1, 2, 3)]}, "a size is"),
        ({"sizes": (1 << 20, 1 << 20)}, "pixels are more than"),
        ({"filter": "cubic"}, "filter is one of"),
        ({"filter": 8}, "filter 8 is none of"),
        ({"filter": "mks2013", "pass_order": "pillow9"}, "mks2013 is not in the Pillow"),
        ({"reducing_gap": 0.9}, "reducing_gap must be 1.0 or greater"),
        ({"reducing_gap": float("nan")}, "reducing_gap must be"),
        ({"box": (0, 0, 1)}, "a box is"),
        ({"box": (3, 0, 2, 1)}, "a box goes from"),
        ({"box": (0, 0, float("nan"), 1)}, "a box goes from"),
        ({"box": [None, None]}, "1 image needs one box or as many, not 2"),
        ({"mode": "CMYK"}, "mode is one of"),
        ({"workers": 0}, "workers must be"),
        ({"pass_order": "pillow8"}, "pass_order is one of"),
        ({"on_error": "skip"}, "on_error is one of"),
        ({"images": [PIXELS.astype(np.float32)]}, "item 0: pixels must be uint8"),
        ({"images": [PIXELS[:, :, :2]]}, "item 0: pixels must be uint8"),
        ({"images": [PIXELS[:0]]}, "item 0: has no pixels"),
        ({"out": []}, "1 image needs as many arrays as out, not 0"),
        ({"out": [np.zeros((2, 2, 4), np.uint8)]}, r"of shape \(2, 2, 3\)"),
        ({"out": [np.zeros((2, 4, 3), np.uint8)[:, ::2]]}, "C-contiguous"),
        ({"out": [PIXELS[:2, :2].copy().astype(np.int8)]}, "out must be uint8"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        resize(**{"images": [PIXELS], "sizes": (2, 2), **arguments})


def test_memory_that_overlaps_is_refused() -> None:
    memory = np.zeros(200, np.uint8)
    first, second = memory[:12].reshape(2, 2, 3), memory[11:23].reshape(2, 2, 3)
    with pytest.raises(UsageError, match="must not overlap"):
        resize([PIXELS, PIXELS], (2, 2), out=[first, second])
    with pytest.raises(UsageError, match="out lies in the memory of item 0"):
        resize([memory.reshape(10, 20)], (2, 2), out=[memory[:4].reshape(2, 2)])


def test_one_image_is_no_sequence() -> None:
    for image in (PIXELS, "photo.jpg", b"bytes"):
        with pytest.raises(TypeError, match="a sequence of images"):
            resize(image, (2, 2))  # type: ignore[arg-type]


def test_no_images() -> None:
    assert resize([], (2, 2)) == []


def test_a_side_that_no_kernel_can_count() -> None:
    tall = np.broadcast_to(np.zeros((1, 1), np.uint8), (400_000_000, 1))
    with pytest.raises(DecodeError, match="item 0: 1 x 400000000 pixels: a side is longer than"):
        resize([tall], (1, 1), filter="lanczos")


def test_a_box_far_outside() -> None:
    with pytest.raises(DecodeError):
        resize([PIXELS], (1, 1), box=(1e300, 0, 1.7e308, 6), reducing_gap=1)


def test_a_fork_while_another_thread_looks_for_workers() -> None:
    resize([PIXELS], (2, 2))
    with picture_workers._lock, warnings.catch_warnings():  # noqa: SLF001
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        pid = os.fork()
        if pid == 0:
            try:
                resize([PIXELS], (2, 2))
                os._exit(0)
            finally:
                os._exit(1)
    for _ in range(600):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.05)
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        pytest.fail("the child waits for a lock that nobody releases")
    assert status == 0


def test_an_image_that_surrounds_results_without_touching_them() -> None:
    memory = np.zeros((10, 20, 3), np.uint8)
    left, right = memory[:, :10], memory[0, 10:]
    out = [right[:4].reshape(2, 2, 3), right[4:8].reshape(2, 2, 3)]
    resize([left, left[::-1]], (2, 2), out=out)
    for image in (memory, memory[::-1]):
        with pytest.raises(UsageError, match="out lies in the memory of item 1"):
            resize([left, image], (2, 2), out=out)
