"""Images → arrays, a stream of batches, or files: the door to the C++ pipeline."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regcore._native import pipeline as native
from regcore.errors import DecodeError, UsageError
from regcore.files.arguments import check_choice, check_switch, shown, whole_within
from regcore.files.atomic import refuse_special
from regcore.host import default_workers, simd_level
from regcore.images.batch_stream import Array, BatchStream, OnError
from regcore.images.diagnostics import Finding
from regcore.images.pillow_decoder import decode_rgb
from regcore.images.recipe import Recipe
from regcore.images.sources import Image, as_items, core_errors, split_reports

#: Called now and then with the number of images done and, of these, failed. Where it returns True,
#: no further image is begun.
Progress = Callable[[int, int], object]
OnWarning = Literal["ignore", "report", "fail"]
OnFinding = Callable[[Finding], object]

MAX_FILE_BYTES = 1 << 30
#: Pillow's limit of a decompression bomb, twice its MAX_IMAGE_PIXELS.
MAX_PIXELS = 2 * (1024 * 1024 * 1024 // 4 // 3)
MAX_SCANS = 100
#: Less than this leaves nothing for the small things that no budget counts.
MIN_MEMORY = 1 << 20
MAX_WORKERS = 1024

_TOO_MANY = 1 << 62
_AHEAD = 32  # images
_CACHE_LINE = 64


class Preprocessor:
    """Runs images through a recipe on worker threads, without the GIL.

    The result is the same for any number of workers. Use from several Python threads is safe; the
    calls then take turns. A stream has workers of its own.

    Images that get pixels although something is to be told of them (a JPEG that libjpeg had to
    repair, an EXIF orientation) are findings: `on_finding` of a call is called with each, in the
    order of the list, and Batch.findings has those of a batch.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        workers: int | None = None,
        full_decode: bool = False,
        on_warning: OnWarning = "report",
        memory: int | None = None,
        max_file_bytes: int = MAX_FILE_BYTES,
        max_pixels: int = MAX_PIXELS,
        max_scans: int = MAX_SCANS,
    ) -> None:
        """workers: threads, by default one per processor. full_decode: no partial JPEG decoding.

        on_warning: what damage leads to that libjpeg repairs. "report" makes it a finding, with
            the number of warnings, and "fail" a DecodeError. Both look through all of a JPEG, also
            behind the part that is decoded, which takes 5 % more time; "ignore" does not, and
            counts nothing. Pillow tells no such warnings of what it decodes.
        memory: bytes that all images in work may hold together (files, decoded pixels, what the
            decoders need), by default without bound. Each header is read first; a large image
            waits for the others, and one that needs more than three quarters is a DecodeError.
            Results, the ring of a stream and small fixed things are not counted.
        max_file_bytes, max_pixels, max_scans (of a progressive JPEG): an image over a limit is a
            DecodeError before anything is allocated for it. Pillow has its own limit of pixels
            besides, for what it decodes.
        """
        if not isinstance(recipe, Recipe):
            raise UsageError(f"recipe must be a Recipe, not {shown(recipe)}")
        check_choice("on_warning", on_warning, tuple(native.ON_WARNING))
        check_switch("full_decode", full_decode)
        limits = {
            "max_file_bytes": max_file_bytes,
            "max_pixels": max_pixels,
            "max_scans": max_scans,
        }
        for name, limit in limits.items():
            limits[name] = whole_within(name, limit, 1, _TOO_MANY - 1)
        if memory is not None:
            memory = whole_within("memory", memory, MIN_MEMORY, _TOO_MANY - 1, " bytes")
        count = (
            default_workers()
            if workers is None
            else whole_within("workers", workers, 1, MAX_WORKERS)
        )
        simd_level()
        self.recipe = recipe
        self.workers = count
        self.on_warning = on_warning
        self._turn = threading.Lock()
        self._user = 0
        self._core = native.Preprocessing(
            resize=recipe.resize,
            crop=recipe.crop,
            filter=recipe.filter,
            pass_order=recipe.pass_order,
            mean=recipe.mean,
            std=recipe.std,
            dtype=recipe.dtype,
            layout=recipe.layout,
            workers=count,
            full_decode=full_decode,
            on_warning=on_warning,
            memory=memory or 0,
            **limits,
        )

    def __call__(
        self,
        items: Sequence[Image],
        out: Array | None = None,
        *,
        on_finding: OnFinding | None = None,
    ) -> Array:
        """Preprocess `items` into one array of shape (len(items), *recipe.image_shape).

        out: where the result goes; C-contiguous, of that shape and the recipe's dtype, and not in
            the memory of an item.

        Raises DecodeError for the first bad image of the list; `out` is then unspecified.
        """
        images = as_items(items)
        shape = (len(images), *self.recipe.image_shape)
        result = _aligned_empty(shape, self.recipe.numpy_dtype) if out is None else out
        memory = self._bytes_of(result, shape)
        _refuse_overlap(memory, images)
        with self._take_turn(), core_errors():
            reports = self._core.to_slots(images, decode_rgb, memory)
        errors, findings = split_reports(images, reports)
        if errors:
            raise next(iter(errors.values()))
        _tell(findings, on_finding)
        return result

    def to_files(
        self,
        items: Sequence[Image],
        paths: Sequence[str | os.PathLike[str]],
        *,
        checksums: NDArray[np.uint64] | None = None,
        progress: Progress | None = None,
        on_finding: OnFinding | None = None,
    ) -> list[DecodeError]:
        """Write image i as the raw values of its array to paths[i], each whole or not at all.

        checksums: uint64 [len(items)], receives the XXH3 of each file.

        Returns the images that failed, in the order of the list; at their paths there is no file,
        not even one from before. Raises OutputError where a file cannot be written, or a device or
        a pipe is there, before any work.
        """
        images = as_items(items)
        targets = _as_targets(paths)
        for target in targets:
            refuse_special(target)
        if len(targets) != len(images):
            raise UsageError(f"{len(images)} images need as many paths, not {len(targets)}")
        _check_targets(targets, images)
        sums = _checksums_for(images, checksums)
        with self._take_turn(), core_errors():
            reports = self._core.to_files(images, decode_rgb, targets, sums, progress)
        errors, findings = split_reports(images, reports)
        for index in errors:
            # What an earlier run left there must not pass for this image.
            with suppress(OSError):
                Path(targets[index]).unlink()
        _tell(findings, on_finding)
        return list(errors.values())

    def to_pack(
        self,
        items: Sequence[Image],
        file: int,
        *,
        checksums: NDArray[np.uint64] | None = None,
        progress: Progress | None = None,
        on_finding: OnFinding | None = None,
    ) -> list[DecodeError]:
        """Write the array of image i as number i of the open file `file`, a descriptor.

        checksums: uint64 [len(items)], receives the XXH3 of each array.

        Returns the images that failed, in the order of the list; their places stay as they were.
        Raises OutputError where the file cannot be written.
        """
        images = as_items(items)
        sums = _checksums_for(images, checksums)
        with self._take_turn(), core_errors():
            reports = self._core.to_pack(images, decode_rgb, file, sums, progress)
        errors, findings = split_reports(images, reports)
        _tell(findings, on_finding)
        return list(errors.values())

    def stage_seconds(self) -> dict[str, float]:
        """Time in s that all workers together spent in each stage, in all calls so far.

        read, decode, resample (with crop and normalise), write (with the checksum). A stream keeps
        times of its own.
        """
        with self._take_turn():
            return self._core.stage_seconds()

    def stream(
        self,
        items: Sequence[Image],
        batch_size: int,
        *,
        buffers: Sequence[Array] | None = None,
        keep: int = 1,
        on_error: OnError = "raise",
    ) -> BatchStream:
        """Batches of `items`, in order, prepared ahead by the workers.

        buffers: more than `keep` arrays of shape (batch_size, *recipe.image_shape), used in turn;
            for instance page-locked memory of a device. By default the stream makes its own.
        keep: how many batches stay valid: each until `keep` more were asked for.
        on_error: "raise" a DecodeError at the batch of a bad image, or "report" it in Batch.errors.
        """
        batch_size = whole_within("the batch size", batch_size, 1, _TOO_MANY - 1)
        keep = whole_within("keep", keep, 0, _TOO_MANY - 1)
        check_choice("on_error", on_error, ("raise", "report"))
        shape = (batch_size, *self.recipe.image_shape)
        if buffers is None:
            count = self.buffers_needed(batch_size, keep)
            buffers = [_aligned_empty(shape, self.recipe.numpy_dtype) for _ in range(count)]
        memory = [self._bytes_of(buffer, shape) for buffer in buffers]
        images = as_items(items)
        for part in memory:
            _refuse_overlap(part, images)
        if not 1 <= keep < len(memory):
            raise UsageError(f"a stream that keeps {keep} batches needs more than {keep} buffers")
        if any(np.may_share_memory(a, b) for a, b in combinations(memory, 2)):
            raise UsageError("the buffers of a stream must not overlap")
        with core_errors():
            stream = native.Stream(self._core, images, decode_rgb, batch_size, memory, keep)
        return BatchStream(stream, images, buffers, on_error)

    def buffers_needed(self, batch_size: int, keep: int) -> int:
        """How many buffers let a stream run ahead.

        `keep` with the consumer, one complete, and enough in work for every worker, and for the
        time in which the system runs something else.
        """
        return keep + 1 + -(-max(self.workers, _AHEAD) // batch_size)

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        """The core runs one list at a time."""
        if self._user == threading.get_ident():
            raise UsageError(
                "a call of this Preprocessor from within another one of the same thread"
            )
        with self._turn:
            self._user = threading.get_ident()
            try:
                yield
            finally:
                self._user = 0

    def _bytes_of(self, array: Array, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        dtype = self.recipe.numpy_dtype
        if not isinstance(array, np.ndarray):
            raise UsageError(f"out must be a NumPy array, not {type(array).__name__}")
        if array.shape != shape or array.dtype != dtype:
            raise UsageError(
                f"out must be {dtype} of shape {shape}, not {array.dtype} of {array.shape}"
            )
        if not array.flags.c_contiguous or not array.flags.writeable or not array.flags.aligned:
            raise UsageError("out must be C-contiguous, aligned and writable")
        return array.reshape(-1).view(np.uint8)


def _aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Like np.empty, from the border of a cache line on: a vector store then never crosses one."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _CACHE_LINE, np.uint8)
    offset = -memory.ctypes.data % _CACHE_LINE
    return memory[offset : offset + size].view(dtype).reshape(shape)


def _checksums_for(
    items: Sequence[native.Item], given: NDArray[np.uint64] | None
) -> NDArray[np.uint64]:
    if given is None:
        return np.empty(len(items), np.uint64)
    if not isinstance(given, np.ndarray) or not given.flags.writeable:
        raise UsageError("checksums must be a NumPy array that can be written")
    if given.shape != (len(items),) or given.dtype != np.uint64 or not given.flags.c_contiguous:
        raise UsageError(f"checksums must be a contiguous uint64 array of shape ({len(items)},)")
    return given


def _tell(findings: Sequence[Finding], on_finding: OnFinding | None) -> None:
    if on_finding is not None:
        for finding in findings:
            on_finding(finding)


def _refuse_overlap(memory: NDArray[np.uint8], items: Sequence[native.Item]) -> None:
    """Raises UsageError where a result would be written over an image that is still to be read."""
    for index, item in enumerate(items):
        if isinstance(item, str) or len(item) == 0:
            continue
        source = item if isinstance(item, np.ndarray) else np.frombuffer(item, np.uint8)
        if np.may_share_memory(memory, source) and np.shares_memory(memory, source):
            raise UsageError(f"out lies in the memory of item {index}")


def _as_targets(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    if isinstance(paths, (str, bytes, os.PathLike)) or not isinstance(paths, Iterable):
        raise UsageError("paths must be a sequence, with one path for each image")
    try:
        targets = [os.fsdecode(path) for path in paths]
    except TypeError as error:
        raise UsageError(f"a path to write is no path: {error}") from None
    if any("\0" in target for target in targets):
        raise UsageError("a path cannot hold a NUL character")
    return targets


def _check_targets(targets: Sequence[str], items: Sequence[native.Item]) -> None:
    """Raises UsageError where a file would be written twice, or over one of the images.

    A target is replaced by its name, so that of a link counts, not what the link leads to.
    """
    folders: dict[str, str] = {}

    def place(path: str) -> tuple[str, str]:
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        return folders[folder], name

    written: dict[tuple[str, str], str] = {}
    for count, target in enumerate(targets, 1):
        other = written.setdefault(place(target), target)
        if len(written) < count:
            raise UsageError(
                f"two images cannot become one file: it is given twice, as {other} and {target}"
            )
    for item in items:
        if not isinstance(item, str):
            continue
        # An image that is read through a link is where the link leads.
        for path in {item, os.path.realpath(item)} if Path(item).is_symlink() else (item,):
            if place(path) in written:
                raise UsageError(f"{item}: is an image to read, so it cannot be written as well")
