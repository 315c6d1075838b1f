"""Streams and preprocessors that are closed, interrupted, forked or dropped at awkward moments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import jpeg, photo_like

from regcore import BatchStream, Preprocessor, Recipe, UsageError

RECIPE = Recipe(resize=40, crop=32)
PHOTO = jpeg(photo_like(700, 500))

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def in_child(work: Callable[[], object]) -> int:
    """Exit code of a forked child: 0 if `work` returns, 1 if it raises, 2 if it hangs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads
        child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, lambda *_: os._exit(2))
        signal.alarm(20)
        try:
            work()
        except BaseException:  # noqa: BLE001
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@needs_fork
@pytest.mark.parametrize("when", ["fresh", "used", "at its end"])
def test_a_forked_child_neither_hangs_nor_continues(when: str) -> None:
    stream = Preprocessor(RECIPE, workers=2).stream([PHOTO] * 40, 4)
    if when != "fresh":
        next(stream)
    if when == "at its end":
        list(stream)
    assert in_child(stream.close) == 0
    if when != "at its end":
        assert in_child(lambda: next(stream)) == 1
    stream.close()


@needs_fork
def test_a_forked_child_may_drop_the_preprocessor() -> None:
    holder = [Preprocessor(RECIPE, workers=2)]
    holder[0]([PHOTO])
    assert in_child(holder.clear) == 0


def test_close_ends_an_iteration_in_another_thread() -> None:
    for _ in range(10):
        stream = Preprocessor(RECIPE, workers=1).stream([PHOTO] * 10_000, 50)
        seen: list[int] = []

        def iterate(stream: BatchStream = stream, seen: list[int] = seen) -> None:
            seen.extend(len(batch.images) for batch in stream)

        thread = threading.Thread(target=iterate)
        thread.start()
        stream.close()
        thread.join(timeout=60)
        assert not thread.is_alive()
        assert sum(seen) < 10_000


def test_two_threads_share_a_stream_without_loss() -> None:
    stream = Preprocessor(RECIPE, workers=2).stream([PHOTO] * 300, 4)
    seen: list[int] = []

    def iterate() -> None:
        for batch in stream:
            seen.extend(batch.indices.tolist())

    threads = [threading.Thread(target=iterate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(300))


class Interrupted(Exception):  # noqa: N818
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_an_interrupt_does_not_cost_a_batch() -> None:
    """The exception arrives while the stream waits; the batch comes with the next call."""

    def interrupt(*_: Any) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    stream = Preprocessor(RECIPE, workers=1).stream([PHOTO] * 640, 32)
    seen: list[int] = []
    interrupts = 0
    try:
        while True:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            try:
                batch = next(stream, None)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupted:
                interrupts += 1
                continue
            if batch is None:
                break
            seen += batch.indices.tolist()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupts > 0
    assert seen == sorted(seen)
    assert len(set(seen)) >= 640 - 2 * 32  # it may also strike between two lines of this test


COLLECTED = """
import gc, sys, time
from regcore import Preprocessor, Recipe
png = open(sys.argv[1], "rb").read()
preprocessor = Preprocessor(Recipe(resize=40, crop=32), workers=2)
gc.collect(); gc.freeze(); gc.set_threshold(3, 1, 1)
class Owner: pass
for _ in range(15):
    owner = Owner()
    owner.itself = owner
    owner.stream = preprocessor.stream([png] * 200, 50)
    del owner
    time.sleep(0.1)
print("survived")
"""


def test_the_collector_may_free_a_stream_on_its_own_worker(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.png"
    Image.fromarray(photo_like(300, 200)).save(path)
    result = subprocess.run(
        [sys.executable, "-c", COLLECTED, str(path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.stdout == "survived\n", result.stderr


def test_a_call_from_within_a_call_is_refused(tmp_path: Path) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1)
    with pytest.raises(UsageError, match="from within"):
        preprocessor.to_files(
            [PHOTO], [tmp_path / "a.bin"], progress=lambda *_: preprocessor([PHOTO])
        )
    assert preprocessor([PHOTO]).shape == (1, 3, 32, 32)


def test_overlapping_buffers_are_refused() -> None:
    memory = np.empty((5, 3, 32, 32), np.float32)
    for buffers in ([memory[:4], memory[:4]], [memory[:4], memory[1:]]):
        with pytest.raises(UsageError, match="overlap"):
            Preprocessor(RECIPE).stream([PHOTO], 4, buffers=buffers)


def test_one_file_for_two_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="twice"):
        Preprocessor(RECIPE).to_files([PHOTO, PHOTO], [tmp_path / "a", tmp_path / "a"])


def test_odd_paths_and_views(tmp_path: Path) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1)
    with pytest.raises(UsageError, match="NUL"):
        preprocessor(["a.jpg\0.png"])
    with pytest.raises(UsageError, match="contiguous"):
        preprocessor([memoryview(PHOTO)[::2]])
    longest = tmp_path / ("n" * 251 + ".bin")
    assert preprocessor.to_files([PHOTO], [longest]) == []
    assert longest.stat().st_size == RECIPE.numpy_dtype.itemsize * 3 * 32 * 32


def test_pillow_leaves_the_processs_warning_filters_alone(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.png"
    Image.fromarray(photo_like(60, 50)).save(path)
    before = list(warnings.filters)
    Preprocessor(RECIPE, workers=4)([path] * 200)
    assert list(warnings.filters) == before


AT_EXIT = """
import atexit, sys, threading, time
def busy():  # the exit hook of another library, which takes memory
    end = time.time() + 0.3
    while time.time() < end:
        x = [bytearray(n) for n in range(100, 4000, 7)]; time.sleep(0.001)
atexit.register(busy)
from regcore import Preprocessor, Recipe
photos = [open(sys.argv[1], "rb").read()] * 2000
preprocessor = Preprocessor(Recipe(dtype="uint8"), workers=1)
streams = [preprocessor.stream(photos, 2000) for _ in range(4)]
def read(stream):
    for batch in stream: pass
for stream in streams: threading.Thread(target=read, args=(stream,), daemon=True).start()
threading.Thread(target=Preprocessor(Recipe(), workers=2), args=(photos,), daemon=True).start()
time.sleep(0.12)
"""


@pytest.mark.parametrize("attempt", range(6))
def test_a_program_may_end_while_its_threads_read(tmp_path: Path, attempt: int) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTO)
    ended = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(photo)], capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr


def test_two_preprocessors_in_one_folder(tmp_path: Path) -> None:
    """Each gets its own images, though they write at the same time under names alike."""
    images = [np.full((50, 50, 3), i, np.uint8) for i in range(24)]
    wrong: list[str] = []

    def write(tag: str, given: list[Any]) -> None:
        preprocessor = Preprocessor(RECIPE, workers=2)
        expected = [image.tobytes() for image in preprocessor(given)]
        for _ in range(12):
            paths = [tmp_path / f"{tag}{i}.bin" for i in range(len(given))]
            preprocessor.to_files(given, paths)
            wrong.extend(
                path.name
                for path, values in zip(paths, expected, strict=True)
                if path.read_bytes() != values
            )

    threads = [
        threading.Thread(target=write, args=(tag, given))
        for tag, given in (("a", images), ("b", images[::-1]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not list(tmp_path.glob(".*"))


@needs_fork
def test_threads_of_a_child_end_with_what_started_them() -> None:
    preprocessors = [Preprocessor(RECIPE, workers=4) for _ in range(3)]

    def use_and_drop() -> None:
        before = len(os.listdir("/proc/self/task"))  # noqa: PTH208
        while preprocessors:
            preprocessors.pop()([PHOTO])
        assert len(os.listdir("/proc/self/task")) == before  # noqa: PTH208

    assert in_child(use_and_drop) == 0


def test_one_file_by_two_spellings_is_refused(tmp_path: Path) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1)
    (tmp_path / "link").symlink_to(tmp_path)
    for other in ("./x", "link/x", "link/../" + tmp_path.name + "/x"):
        with pytest.raises(UsageError, match="one file"):
            preprocessor.to_files([PHOTO, PHOTO], [tmp_path / "x", f"{tmp_path}/{other}"])
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTO)
    with pytest.raises(UsageError, match="over itself"):
        preprocessor.to_files([photo], [tmp_path / "link" / "photo.jpg"])
    assert photo.read_bytes() == PHOTO


def test_results_do_not_go_over_what_is_read() -> None:
    preprocessor = Preprocessor(Recipe(resize=32, crop=32, dtype="uint8", layout="nhwc"), workers=1)
    memory = np.zeros((2, 32, 32, 3), np.uint8)
    with pytest.raises(UsageError, match="overlap"):
        preprocessor([memory[0]], out=memory[:1])
    preprocessor([memory[0]], out=memory[1:])
