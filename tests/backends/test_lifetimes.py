"""Streams and preprocessors that are closed, interrupted, forked or dropped at awkward moments."""

from __future__ import annotations

import os
import re
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
from oracles import assert_same_bytes, jpeg, photo_like

from regcore import BatchStream, Preprocessor, Recipe, UsageError
from regcore.backends.page_locked import PageLockedRanges
from regcore.errors import OutputError

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


@needs_fork
@pytest.mark.parametrize("memory", [None, 32 << 20])
@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_forked_child_goes_on_with_a_preprocessor_that_threads_of_its_parent_use(
    memory: int | None, way: str
) -> None:
    """The child has none of these threads, and none that would release their locks."""
    preprocessor = Preprocessor(RECIPE, workers=2, memory=memory)
    expected = preprocessor([PHOTO])
    ended = threading.Event()

    def use() -> None:
        while not ended.is_set():
            preprocessor([PHOTO] * 8)
            next(preprocessor.stream([PHOTO] * 40, 4)).images.sum()

    def go_on() -> None:
        if way == "call":
            found = preprocessor([PHOTO])
        else:
            with preprocessor.stream([PHOTO], 1) as stream:
                found = next(stream).images.copy()
        assert_same_bytes(found, expected)

    users = [threading.Thread(target=use) for _ in range(3)]
    for user in users:
        user.start()
    try:
        assert [in_child(go_on) for _ in range(8)] == [0] * 8
    finally:
        ended.set()
        for user in users:
            user.join()


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
def busy():  # another library's exit hook, which takes a while and allocates
    end = time.time() + 0.6
    while time.time() < end:
        [bytearray(size) for size in range(100, 4000, 7)]
        time.sleep(0.001)
atexit.register(busy)
from regcore import Preprocessor, Recipe
photo = open(sys.argv[1], "rb").read()
preprocessor = Preprocessor(Recipe(resize=40, crop=32, dtype="uint8"), workers=1)
def read(stream):
    for _ in stream:
        pass
def call():
    while True:
        preprocessor([photo] * 3000)
streams = [preprocessor.stream([photo] * 60_000, 6000) for _ in range(4)]
for stream in streams:
    threading.Thread(target=read, args=(stream,), daemon=True).start()
if sys.argv[2] == "call":
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.12)
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["stream", "call"])
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_the_interpreter_may_end_while_threads_wait_for_images(
    tmp_path: Path, what: str, kind: str
) -> None:
    from PIL import Image

    path = tmp_path / f"a.{kind}"
    Image.fromarray(photo_like(300, 200)).save(path)
    result = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(path), what],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


@needs_fork
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
def test_a_preprocessor_first_used_in_a_forked_child_ends_its_threads_there() -> None:
    holder = [Preprocessor(RECIPE, workers=4)]

    def use_and_drop() -> None:
        before = len(list(Path("/proc/self/task").iterdir()))
        holder[0]([PHOTO])
        holder.clear()
        assert len(list(Path("/proc/self/task").iterdir())) == before

    assert in_child(use_and_drop) == 0


def test_two_preprocessors_write_into_one_folder(tmp_path: Path) -> None:
    images = [jpeg(photo_like(60 + side, 50)) for side in range(20)]
    wrong: list[object] = []

    def write(prefix: str, images: list[bytes]) -> None:
        preprocessor = Preprocessor(RECIPE, workers=2)
        wanted = [row.tobytes() for row in preprocessor(images)]
        paths = [tmp_path / f"{prefix}{number}.bin" for number in range(len(images))]
        for _ in range(15):
            try:
                wrong.extend(preprocessor.to_files(images, paths))
            except OutputError as error:
                wrong.append(error)
            wrong.extend(p for p, w in zip(paths, wanted, strict=True) if p.read_bytes() != w)

    threads = [
        threading.Thread(target=write, args=("a", images)),
        threading.Thread(target=write, args=("b", images[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(list(tmp_path.iterdir())) == 40


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "a.bin"
    with pytest.raises(OutputError, match=f"^{re.escape(str(target))}: cannot create: No such"):
        Preprocessor(RECIPE, workers=1).to_files([PHOTO], [target])


@pytest.mark.parametrize("other", ["./a", "b/../a", "link/a", "{cwd}/a"])
def test_one_file_by_two_spellings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "link").symlink_to(".")
    with pytest.raises(UsageError, match="twice"):
        Preprocessor(RECIPE).to_files([PHOTO, PHOTO], ["a", other.format(cwd=tmp_path)])
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("target", ["a.jpg", "./a.jpg", "link/a.jpg"])
@pytest.mark.parametrize("item", ["a.jpg", "b/../a.jpg", "alias.jpg"])
def test_a_photo_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, item: str, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "a.jpg").write_bytes(PHOTO)
    (tmp_path / "link").symlink_to(".")
    (tmp_path / "alias.jpg").symlink_to("a.jpg")
    with pytest.raises(UsageError, match="is an image to read"):
        Preprocessor(RECIPE).to_files([item], [target])
    assert (tmp_path / "a.jpg").read_bytes() == PHOTO


def test_a_result_in_the_memory_of_an_item_is_refused() -> None:
    recipe = Recipe(resize=40, crop=32, dtype="uint8", layout="nhwc")
    memory = np.zeros((3, 32, 32, 3), np.uint8)
    preprocessor = Preprocessor(recipe, workers=1)
    for item in (memory[1], memoryview(memory[1:].reshape(-1))):
        with pytest.raises(UsageError, match="memory of item 1"):
            preprocessor([PHOTO, item], memory[:2])
        with pytest.raises(UsageError, match="memory of item 1"):
            preprocessor.stream([PHOTO, item], 1, buffers=[memory[:1], memory[1:2]])


@pytest.mark.parametrize(
    "arguments",
    [
        {"workers": 2.5},
        {"workers": "4"},
        {"workers": True},
        {"workers": 10**4000},
        {"memory": 1.5e9},
        {"memory": float("nan")},
        {"max_pixels": float("inf")},
        {"max_file_bytes": None},
        {"max_scans": 2.0},
        {"on_warning": "reprot"},
        {"on_warning": ["report"]},
        {"full_decode": "no"},
        {"recipe": "regnety_016"},
    ],
)
def test_senseless_arguments_of_a_preprocessor_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        Preprocessor(**{"recipe": RECIPE, **arguments})
    assert next(iter(arguments)) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch_size": 2.0},
        {"batch_size": True},
        {"batch_size": "2"},
        {"batch_size": 0},
        {"keep": 1.0},
        {"keep": None},
        {"on_error": "rais"},
    ],
)
def test_senseless_arguments_of_a_stream_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Preprocessor(RECIPE, workers=1).stream([PHOTO], **{"batch_size": 1, **arguments})


def test_items_that_are_no_images_are_refused(tmp_path: Path) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1)
    for items in ("a.jpg", PHOTO, tmp_path, None, 3):
        with pytest.raises(TypeError, match="sequence of images"):
            preprocessor(items)  # type: ignore[arg-type]
    for item in (None, 3, ["a.jpg"]):
        with pytest.raises(UsageError, match="an image is a path, bytes, pixels or of Pillow"):
            preprocessor([item])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="masked"):
        preprocessor([np.ma.masked_equal(photo_like(50, 50), 0)])
    with pytest.raises(UsageError, match="sequence, with one path"):
        preprocessor.to_files([PHOTO], "a")
    assert preprocessor(image for image in [PHOTO]).shape[0] == 1  # type: ignore[arg-type]


def test_page_locked_memory_may_change_while_it_is_looked_up() -> None:
    ranges = PageLockedRanges()
    registry = ranges._ends  # noqa: SLF001

    class Start(int):
        """In whose comparison another thread gets its turn, and adds memory."""

        def __le__(self, other: object) -> bool:
            registry[-2] = -2
            return False

    registry[Start(-1)] = -1
    assert not ranges.hold(np.zeros(10))
    assert -2 in registry
