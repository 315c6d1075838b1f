"""Preprocessor as its users see it: inputs, outputs, errors, workers, streams."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash
from oracles import assert_same_bytes, jpeg, photo_like, reference

from regcore import Batch, DecodeError, OutputError, Preprocessor, Recipe, UsageError, simd_levels
from regcore.counted import counted

RECIPE = Recipe(resize=40, crop=32)


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [jpeg(photo_like(60 + 7 * i, 90 - 3 * i, i)) for i in range(23)]


@pytest.fixture(scope="module")
def expected(photos: list[bytes]) -> Any:
    return np.stack([reference(photo, RECIPE) for photo in photos])


@pytest.mark.parametrize("workers", [1, 2, 5, 31])
def test_result_does_not_depend_on_workers(
    photos: list[bytes], expected: Any, workers: int
) -> None:
    preprocessor = Preprocessor(RECIPE, workers=workers)
    for _ in range(3):
        assert_same_bytes(preprocessor(photos), expected)


def test_paths_bytes_and_arrays_mix(photos: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "räksmörgås bild.jpg"
    path.write_bytes(photos[0])
    pixels = photo_like(50, 70)
    items = [path, str(path), photos[0], bytearray(photos[0]), memoryview(photos[0]), pixels]
    result = Preprocessor(RECIPE, workers=2)(items)
    for row in result[:5]:
        assert_same_bytes(row, reference(photos[0], RECIPE))
    assert_same_bytes(result[5], reference(pixels, RECIPE))


def test_a_batch_says_what_it_has(photos: list[bytes]) -> None:
    with Preprocessor(RECIPE).stream([*photos[:2], b"no photo"], 8, on_error="report") as stream:
        shape = " x ".join(map(str, RECIPE.image_shape))
        assert repr(next(stream)) == f"<Batch: 2 images of {shape} float32, 1 bad>"


def test_a_preprocessor_and_its_stream_say_what_they_are(photos: list[bytes]) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1)
    by = f"3 x 32 x 32 float32 by recipe {RECIPE.identity}"
    assert repr(preprocessor) == f"<Preprocessor: {by}, 1 worker>"
    with preprocessor.stream(photos, 4) as stream:
        assert repr(stream) == "<BatchStream: 23 images in batches of 4>"


def pickled(one: Preprocessor) -> Any:
    return pickle.loads(pickle.dumps(one))  # noqa: S301


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_has_all_settings_and_threads_of_its_own(
    photos: list[bytes], expected: Any, copied: Any
) -> None:
    settings = {"full_decode": True, "on_warning": "fail", "memory": 1 << 26, "max_scans": 7}
    first = Preprocessor(RECIPE, workers=2, max_pixels=10_000, max_file_bytes=1 << 20, **settings)
    again = copied(first)
    assert (again.recipe, again.workers) == (RECIPE, 2)
    assert again.settings == first.settings
    assert_same_bytes(again(photos), expected)
    assert not sum(first.stage_seconds().values())


def test_another_process_is_given_one(photos: list[bytes], expected: Any) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        result = pool.submit(Preprocessor(RECIPE, workers=1), photos).result()
    assert_same_bytes(result, expected)


def test_nothing_in_nothing_out() -> None:
    assert Preprocessor(RECIPE)([]).shape == (0, 3, 32, 32)
    assert list(Preprocessor(RECIPE).stream([], 4)) == []


def test_out_is_filled_and_returned(photos: list[bytes], expected: Any) -> None:
    out = np.empty((len(photos), 3, 32, 32), np.float32)
    assert Preprocessor(RECIPE, workers=2)(photos, out=out) is out
    assert_same_bytes(out, expected)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((2, 3, 32, 32), np.float32),
        np.empty((1, 3, 32, 32), np.float64),
        np.empty((1, 3, 32, 64), np.float32)[..., ::2],
        np.broadcast_to(np.float32(0), (1, 3, 32, 32)),
    ],
)
def test_unfit_out_is_refused(photos: list[bytes], out: Any) -> None:
    with pytest.raises(UsageError, match="out must be"):
        Preprocessor(RECIPE)(photos[:1], out=out)


@pytest.mark.parametrize("workers", [0, -1, 5000])
def test_unfit_workers_are_refused(workers: int) -> None:
    with pytest.raises(UsageError, match="workers"):
        Preprocessor(RECIPE, workers=workers)


@pytest.mark.parametrize("item", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)),
                                  np.zeros((0, 4, 3), np.uint8)])  # fmt: skip
def test_unfit_pixels_are_refused(item: Any) -> None:
    with pytest.raises(UsageError, match="pixels must be uint8"):
        Preprocessor(RECIPE)([item])


@pytest.mark.parametrize("one", ["photo.jpg", np.zeros((40, 30, 3), np.uint8)])
def test_one_image_instead_of_a_list_is_refused(one: Any) -> None:
    with pytest.raises(TypeError, match="items must be a sequence of images, not"):
        Preprocessor(RECIPE)(one)


def test_bad_images_are_named_with_the_cause(photos: list[bytes], tmp_path: Path) -> None:
    preprocessor = Preprocessor(RECIPE, workers=3)
    text = tmp_path / "text.jpg"
    text.write_text("this is not a picture")
    fifo = tmp_path / "fifo.jpg"
    os.mkfifo(fifo)
    header = tmp_path / "header.jpg"
    header.write_bytes(photos[0][:20])
    for path, cause in [
        (text, "not an image of a known format"),
        (tmp_path / "absent.jpg", "cannot open: No such file"),
        (tmp_path, "not a regular file"),
        (fifo, "not a regular file"),
        (header, "cut short in the JPEG header"),
    ]:
        with pytest.raises(DecodeError, match=cause) as caught:
            preprocessor([photos[0], path])
        assert caught.value.path == str(path)
    with pytest.raises(DecodeError, match="item 1: "):
        preprocessor([photos[0], b""])


@pytest.mark.parametrize("workers", [1, 5])
def test_the_first_bad_image_of_the_list_is_raised(photos: list[bytes], workers: int) -> None:
    items = [*photos[:9], b"bad", *photos, b"worse"]
    with pytest.raises(DecodeError, match="item 9:"):
        Preprocessor(RECIPE, workers=workers)(items)


def test_libjpegs_own_words_reach_the_user(photos: list[bytes]) -> None:
    broken = bytearray(photos[0])
    tables = broken.index(b"\xff\xdb")
    del broken[tables : tables + 4]
    with pytest.raises(DecodeError, match="Quantization table 0x00 was not defined"):
        Preprocessor(RECIPE, workers=1)([bytes(broken)])


def test_bomb_is_refused_before_decoding(photos: list[bytes]) -> None:
    huge = bytearray(photos[0])
    frame = huge.index(b"\xff\xc0")
    huge[frame + 5 : frame + 9] = b"\xff\x00\xff\x00"
    with pytest.raises(DecodeError, match="over the limit of 178956970"):
        Preprocessor(RECIPE, workers=1)([bytes(huge)])


def test_calls_from_many_threads(photos: list[bytes], expected: Any) -> None:
    preprocessor = Preprocessor(RECIPE, workers=2)
    results: list[Any] = [None] * 6

    def work(i: int) -> None:
        results[i] = preprocessor(photos)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        assert_same_bytes(result, expected)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 4, 23, 100])
def test_stream_is_in_order(
    photos: list[bytes], expected: Any, workers: int, batch_size: int
) -> None:
    seen = 0
    for batch in Preprocessor(RECIPE, workers=workers).stream(photos, batch_size):
        assert list(batch.indices) == list(range(seen, seen + len(batch.images)))
        assert len(batch.images) == min(batch_size, len(photos) - seen)
        assert_same_bytes(batch.images, expected[batch.indices])
        seen += len(batch.images)
    assert seen == len(photos)


def test_stream_writes_into_the_callers_buffers(photos: list[bytes], expected: Any) -> None:
    ring = [np.empty((4, 3, 32, 32), np.float32) for _ in range(3)]
    for number, batch in enumerate(Preprocessor(RECIPE).stream(photos, 4, buffers=ring)):
        assert np.shares_memory(batch.images, ring[number % 3])
        assert_same_bytes(batch.images, expected[batch.indices])
    for count, keep in ((1, 1), (2, 2), (3, 0)):
        with pytest.raises(UsageError, match=f"needs more than {counted(keep, 'buffer')}"):
            Preprocessor(RECIPE).stream(photos, 4, buffers=ring[:count], keep=keep)


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_stream_keeps_batches(photos: list[bytes], expected: Any, keep: int) -> None:
    kept: deque[Batch] = deque(maxlen=keep)
    for batch in Preprocessor(RECIPE, workers=3).stream(photos, 2, keep=keep):
        kept.append(batch)
        for held in kept:
            assert_same_bytes(held.images, expected[held.indices])


@pytest.mark.parametrize(("batch_size", "keep"), [(10**12, 1), (4, 10**12), (10**12, 10**12)])
def test_stream_has_memory_for_no_more_images_than_there_are(
    photos: list[bytes], expected: Any, batch_size: int, keep: int
) -> None:
    batches = list(Preprocessor(RECIPE).stream(photos, batch_size, keep=keep))
    assert [len(batch.images) for batch in batches] == ([4] * 5 + [3] if batch_size == 4 else [23])
    if keep > 1:
        assert_same_bytes(np.concatenate([batch.images for batch in batches]), expected)
    assert list(Preprocessor(RECIPE).stream([], batch_size, keep=keep)) == []


def test_stream_refuses_what_the_machine_does_not_have(
    photos: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regcore.images.result_memory.free_memory", lambda: 2 << 30)
    large = Preprocessor(Recipe(resize=4096, crop=4096))  # 192 MiB each
    said = "^23 images in batches of 23 take 4.3 GiB, and there are 2.0 GiB; a smaller batch size"
    with pytest.raises(MemoryError, match=said):
        large.stream(photos, 100)
    with large.stream(photos[:3], 100) as stream:
        assert len(next(stream).images) == 3
    monkeypatch.setattr("regcore.images.result_memory.free_memory", lambda: None)
    large.stream(photos, 100).close()


def test_stream_tells_who_prepared_which_image_and_when(photos: list[bytes]) -> None:
    before = time.perf_counter_ns()
    batches = list(Preprocessor(RECIPE, workers=3).stream([*photos, b"bad"], 4, on_error="report"))
    after = time.perf_counter_ns()
    worked = np.concatenate([batch.worked for batch in batches])
    assert len(worked) == len(photos) + 1
    assert set(worked["worker"]) <= {0, 1, 2}
    times = [np.full(len(worked), before)]
    times += [worked[name] for name in ("asked", "began", "read", "decoded", "done")]
    times.append(np.full(len(worked), after))
    assert (np.diff(times, axis=0) >= 0).all()


def test_stream_reports_bad_images_and_keeps_the_rest(photos: list[bytes], expected: Any) -> None:
    items = [photos[0], b"bad", photos[1], b"", photos[2], photos[3]]
    good = {0: 0, 2: 1, 4: 2, 5: 3}
    seen: list[int] = []
    errors: list[DecodeError] = []
    for batch in Preprocessor(RECIPE, workers=3).stream(items, 3, on_error="report"):
        for row, index in zip(batch.images, batch.indices, strict=True):
            assert_same_bytes(row, expected[good[int(index)]])
        seen += batch.indices.tolist()
        errors += batch.errors
    assert seen == [0, 2, 4, 5]
    assert [error.path for error in errors] == ["item 1", "item 3"]


def test_stream_raises_at_the_batch_of_a_bad_image(photos: list[bytes]) -> None:
    stream = Preprocessor(RECIPE, workers=3).stream([*photos[:6], b"bad", *photos], 3)
    assert len(next(stream).images) == 3
    assert len(next(stream).images) == 3
    with pytest.raises(DecodeError, match="item 6"):
        next(stream)
    assert list(stream) == []


def test_stream_can_be_left_early(photos: list[bytes]) -> None:
    preprocessor = Preprocessor(RECIPE, workers=3)
    for _ in range(20):
        with preprocessor.stream(photos * 20, 2) as stream:
            next(stream)
    abandoned = preprocessor.stream([b"not a jpeg"] * 100, 2, on_error="report")
    del abandoned  # its workers may be waiting for the GIL to call Pillow


def test_files_are_the_arrays_bytes(photos: list[bytes], expected: Any, tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.bin" for i in range(len(photos) + 1)]
    done: list[tuple[int, int]] = []
    checksums = np.empty(len(paths), np.uint64)
    errors = Preprocessor(RECIPE, workers=3).to_files(
        [*photos, b"bad"],
        paths,
        checksums=checksums,
        progress=lambda *counts: done.append(counts),
    )
    assert [error.path for error in errors] == [f"item {len(photos)}"]
    assert done[-1] == (len(photos) + 1, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths[:-1])
    for path, array, checksum in zip(paths, expected, checksums, strict=False):
        assert path.read_bytes() == array.tobytes()
        assert xxhash.xxh3_64_intdigest(array.tobytes()) == checksum


def test_a_pack_holds_the_arrays_side_by_side(
    photos: list[bytes], expected: Any, tmp_path: Path
) -> None:
    items = [photos[0], b"bad", *photos[1:]]
    checksums = np.zeros(len(items), np.uint64)
    with (tmp_path / "pack").open("w+b") as pack:
        errors = Preprocessor(RECIPE, workers=3).to_pack(items, pack.fileno(), checksums=checksums)
    assert [(error.index, error.path) for error in errors] == [(1, "item 1")]
    rows = np.fromfile(tmp_path / "pack", expected.dtype).reshape(-1, *expected.shape[1:])
    assert not rows[1].any()
    assert np.array_equal(np.delete(rows, 1, axis=0), expected)
    sums = [xxhash.xxh3_64_intdigest(array.tobytes()) for array in expected]
    assert np.delete(checksums, 1).tolist() == sums


def test_progress_can_stop_the_writing(photos: list[bytes], tmp_path: Path) -> None:
    items = [b"bad", *photos[:1]] * 2000
    paths = [tmp_path / f"{i}.bin" for i in range(len(items))]
    errors = Preprocessor(RECIPE, workers=2).to_files(
        items, paths, progress=lambda _, failed: failed > 0
    )
    assert 0 < len(errors) < 2000
    assert len(list(tmp_path.iterdir())) < 2000


def test_unwritable_target_is_named(photos: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    preprocessor = Preprocessor(RECIPE, workers=1)
    for target, words in (
        (tmp_path / "absent" / "a.bin", "cannot create: No such file"),
        (tmp_path / "folder", "cannot rename into place"),
    ):
        with pytest.raises(OutputError, match=words) as caught:
            preprocessor.to_files(photos[:2], [target, tmp_path / "b.bin"])
        assert str(target) in str(caught.value)
        assert not list(tmp_path.glob(".*"))
    assert len(preprocessor(photos[:1])) == 1
    with pytest.raises(UsageError, match="as many paths"):
        Preprocessor(RECIPE, workers=1).to_files(photos[:2], [tmp_path / "a.bin"])


def test_unknown_simd_level_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGCORE_SIMD", "mmx")
    with pytest.raises(UsageError, match="REGCORE_SIMD=mmx is not available here"):
        Preprocessor(RECIPE)


def test_simd_levels_start_with_the_plain_one() -> None:
    assert simd_levels()[0] == "portable"


INTERRUPTED = """
import os, signal, sys, threading
from regcore import Preprocessor, Recipe
photo = open(sys.argv[1], "rb").read()
preprocessor = Preprocessor(Recipe(), workers=2)
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    if sys.argv[2] == "call":
        preprocessor([photo] * 4000)
    else:
        for batch in preprocessor.stream([photo] * 100000, 64):
            pass
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["call", "stream"])
def test_ctrl_c_stops_at_once(how: str, tmp_path: Path) -> None:
    """Without it the work would take minutes; the limit only keeps a failure from hanging."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(photo_like(2500, 2500)))
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(photo), how],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stdout == "stopped\n", result.stderr


@pytest.mark.parametrize("bad", [False, True])
def test_no_file_is_written_over_a_pipe_or_device(
    photos: list[bytes], tmp_path: Path, *, bad: bool
) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "a.bin"
    os.mkfifo(pipe)
    items = [photos[0], b"no picture" if bad else photos[1]]
    with pytest.raises(OutputError, match="pipe: is a device or pipe"):
        Preprocessor(RECIPE, workers=1).to_files(items, [file, pipe])
    assert pipe.is_fifo()
    assert not file.exists()


def test_few_images_need_few_buffers() -> None:
    one = Preprocessor(RECIPE, workers=4)
    assert one.buffers_needed(1, 1) == one.buffers_needed(1, 1, 1000) == 34
    assert [one.buffers_needed(2, 1, images) for images in (0, 1, 4, 5, 99)] == [2, 2, 2, 3, 18]
    assert one.buffers_needed(64, 5, 3) == 6
