"""Images → arrays, a stream of batches, or files: the door to the C++ pipeline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence, Sized
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regcore._native import pipeline as native
from regcore._native.choices import MAX_FILE_BYTES, MAX_PIXELS, MAX_SCANS, MAX_WORKERS, ON_WARNING
from regcore.counted import counted
from regcore.errors import DecodeError, UsageError
from regcore.files.arguments import check_choice, check_switch, shown, whole_within
from regcore.files.atomic import refuse_special
from regcore.host import default_workers, simd_level
from regcore.images.batch_stream import Array, BatchStream, OnError
from regcore.images.diagnostics import Diagnostic
from regcore.images.pillow_decoder import Canvas, Seen, decode_rgb
from regcore.images.process_core import ProcessCore
from regcore.images.result_files import as_targets, check_targets
from regcore.images.result_memory import (
    aligned_empty,
    bytes_of,
    check_free,
    checksums_for,
    largest_batch,
    refuse_overlaps,
)
from regcore.images.sources import Image, as_items, core_errors, split_reports
from regcore.recipes.recipe import Recipe

#: Called now and then with the number of images done and, of these, failed. Where it returns True,
#: no further image is begun.
Progress = Callable[[int, int], object]
OnWarning = Literal["ignore", "report", "fail"]
OnDiagnostic = Callable[[Diagnostic], object]

#: Less than this leaves nothing for the small things that no budget counts.
MIN_MEMORY = 1 << 20

_TOO_MANY = 1 << 62
_AHEAD = 32  # images


class Preprocessor:
    """Runs images through a recipe on worker threads, without the GIL.

    The result is the same for any number of workers. Use from several Python threads is safe; the
    calls then take turns. A stream has workers of its own.

    An image is a path, the bytes of a file, pixels, or an image of Pillow. Those of Pillow are
    converted to RGB before any work begins, which gives the pixels of their file's decode; their
    EXIF orientation is applied where the recipe applies it, of which no diagnostic tells.

    recipe, workers; settings: the other arguments, by name, with which another one can be made.

    Images that get pixels although something is to be told of them (a JPEG that libjpeg had to
    repair, an EXIF orientation, 16 bits that Pillow clips) have a diagnostic: `on_diagnostic` of a
    call is called with each, in the order of the list, and Batch.diagnostics has those of a batch.
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

        on_warning: what damage leads to that libjpeg repairs. "report" makes it a diagnostic, with
            the number of warnings, and "fail" a DecodeError. Both look through all of a JPEG, also
            after the part that is decoded, which takes 5 % more time; "ignore" does not, and
            counts nothing. Pillow tells no such warnings of what it decodes.
        memory: bytes that all images in work may hold together (files, decoded pixels, what the
            decoders need), by default without bound. Each header is read first; a large image
            waits for the others, and one that needs more than three quarters is a DecodeError.
            Results, the ring of a stream and small fixed things are not counted. From image to
            image, and from one call or stream to the next, each worker keeps up to 64 MiB of what
            it has used, of a small budget less; it goes with the Preprocessor.
        max_file_bytes, max_pixels, max_scans (of a progressive JPEG): an image over a limit is a
            DecodeError before anything is allocated for it. Pillow has its own limit of pixels
            for what it decodes.
        """
        if not isinstance(recipe, Recipe):
            raise UsageError(f"recipe must be a Recipe, not {shown(recipe)}")
        check_choice("on_warning", on_warning, ON_WARNING)
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
        if recipe.flavour != "pillow":
            from regcore.images.flavours.check import warn_of_other_version

            warn_of_other_version(recipe.flavour)
        self.recipe = recipe
        self.workers = count
        self.settings: dict[str, Any] = {
            "full_decode": full_decode,
            "on_warning": on_warning,
            "memory": memory,
            **limits,
        }
        self.on_warning = on_warning
        settings = {**self.settings, "memory": memory or 0}
        self._core = ProcessCore(partial(native.Preprocessing, recipe, workers=count, **settings))

    def __reduce__(self) -> tuple[object, ...]:
        """A pickled one has as many workers, and times of its own, wherever it is loaded."""
        return partial(type(self), **self.settings, workers=self.workers), (self.recipe,)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.recipe.image_shape))
        made = f"{shape} {self.recipe.dtype} by recipe {self.recipe.identity}"
        return f"<Preprocessor: {made}, {counted(self.workers, 'worker')}>"

    def _decode_external(self) -> Callable[[bytes, Canvas], Seen]:
        """What decodes images that the core does not take."""
        if self.recipe.flavour != "opencv":
            return decode_rgb
        from regcore.images.opencv_decoder import decode_rgb_as_opencv

        return decode_rgb_as_opencv

    def __call__(
        self,
        items: Sequence[Image],
        out: Array | None = None,
        *,
        on_diagnostic: OnDiagnostic | None = None,
    ) -> Array:
        """Preprocess `items` into one array of shape (len(items), *recipe.image_shape).

        out: where the result goes; C-contiguous, of that shape and the recipe's dtype, and not in
            the memory of an item.

        Raises DecodeError for the first bad image of the list; `out` is then unspecified.
        """
        images = self._items(items)
        shape = (len(images), *self.recipe.image_shape)
        result = aligned_empty(shape, self.recipe.numpy_dtype) if out is None else out
        memory = bytes_of(result, shape, self.recipe.numpy_dtype)
        if out is not None:
            refuse_overlaps([memory], images)
        with self._core.turn() as core, core_errors():
            reports = core.to_slots(images, self._decode_external(), memory)
        errors, diagnostics = split_reports(images, reports)
        if errors:
            raise next(iter(errors.values()))
        _tell(diagnostics, on_diagnostic)
        return result

    def to_files(
        self,
        items: Sequence[Image],
        paths: Sequence[str | os.PathLike[str]],
        *,
        checksums: NDArray[np.uint64] | None = None,
        progress: Progress | None = None,
        on_diagnostic: OnDiagnostic | None = None,
    ) -> list[DecodeError]:
        """Write image i as the raw values of its array to paths[i], each whole or not at all.

        checksums: uint64 [len(items)], receives the XXH3 of each file.

        Returns the images that failed, in the order of the list; at their paths there is no file,
        not even one from before. Raises OutputError where a file cannot be written, or a device or
        a pipe is there, before any work.
        """
        images = self._items(items)
        targets = as_targets(paths)
        for target in targets:
            refuse_special(target)
        if len(targets) != len(images):
            needs = counted(len(images), "image needs", "images need")
            raise UsageError(f"{needs} as many paths, not {len(targets)}")
        check_targets(targets, images)
        sums = checksums_for(images, checksums)
        with self._core.turn() as core, core_errors():
            reports = core.to_files(images, self._decode_external(), targets, sums, progress)
        errors, diagnostics = split_reports(images, reports)
        for index in errors:
            # What an earlier run left there must not pass for this image.
            with suppress(OSError):
                Path(targets[index]).unlink()
        _tell(diagnostics, on_diagnostic)
        return list(errors.values())

    def to_pack(
        self,
        items: Sequence[Image],
        file: int,
        *,
        checksums: NDArray[np.uint64] | None = None,
        progress: Progress | None = None,
        on_diagnostic: OnDiagnostic | None = None,
    ) -> list[DecodeError]:
        """Write the array of image i as number i of the open file `file`, a descriptor.

        checksums: uint64 [len(items)], receives the XXH3 of each array.

        Returns the images that failed, in the order of the list; their places stay as they were.
        Raises OutputError where the file cannot be written.
        """
        images = self._items(items)
        sums = checksums_for(images, checksums)
        with self._core.turn() as core, core_errors():
            reports = core.to_pack(images, self._decode_external(), file, sums, progress)
        errors, diagnostics = split_reports(images, reports)
        _tell(diagnostics, on_diagnostic)
        return list(errors.values())

    def stage_seconds(self) -> dict[str, float]:
        """Time in s that all workers together spent in each stage, in all calls so far.

        read, decode, resample (with crop and normalise), write (with the checksum). A stream keeps
        times of its own.
        """
        with self._core.turn() as core:
            return core.stage_seconds()

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

        items: a TypeError where they have no length, as a generator, which might never end.
        buffers: more than `keep` arrays of shape (batch_size, *recipe.image_shape), used in turn;
            for instance page-locked memory of a device. By default the stream makes its own.
        keep: how many batches stay valid: each until `keep` more were asked for.
        Its own have memory for no more images than there are; MemoryError where the machine has not
        so much.
        on_error: "raise" a DecodeError at the batch of a bad image, or "report" it in Batch.errors.
        """
        batch_size = whole_within("the batch size", batch_size, 1, _TOO_MANY - 1)
        keep = whole_within("keep", keep, 0, _TOO_MANY - 1)
        check_choice("on_error", on_error, ("raise", "report"))
        if isinstance(items, Iterable) and not isinstance(items, Sized):
            raise TypeError(
                f"a stream takes a sequence of images, not a {type(items).__name__}, which might "
                "never end; give list(...) of it"
            )
        images = self._items(items)
        arrays = buffers
        if arrays is None:
            batch_size = largest_batch(batch_size, len(images))
            keep = min(keep, max(1, -(-len(images) // batch_size)))
        shape = (batch_size, *self.recipe.image_shape)
        if arrays is None:
            count = self.buffers_needed(batch_size, keep, len(images))
            arrays = self._ring(shape, count, len(images))
        memory = [bytes_of(array, shape, self.recipe.numpy_dtype) for array in arrays]
        if buffers is not None:
            refuse_overlaps(memory, images)
        if not 1 <= keep < len(memory):
            raise UsageError(
                f"a stream that keeps {counted(keep, 'batch')} needs more than "
                f"{counted(keep, 'buffer')}"
            )
        with core_errors():
            stream = native.Stream(
                self._core.get(), images, self._decode_external(), batch_size, memory, keep
            )
        return BatchStream(stream, images, arrays, on_error)

    def buffers_needed(self, batch_size: int, keep: int, images: int | None = None) -> int:
        """How many buffers let a stream run ahead, of so many images where they are known.

        `keep` with the consumer, one complete, and enough in work for every worker, and for the
        time in which the system runs something else; no more than there are batches, but always
        one more than `keep`.
        """
        needed = keep + 1 + -(-max(self.workers, _AHEAD) // batch_size)
        if images is None:
            return needed
        return max(keep + 1, min(needed, -(-images // batch_size)))

    def _ring(self, shape: tuple[int, ...], count: int, images: int) -> list[Array]:
        """Arrays for so many batches, of which no more than so many images are written at once."""
        used = min(images, count * shape[0])
        what = f"{counted(used, 'image')} in batches of {shape[0]}"
        check_free(used * self._core.get().slot_bytes(), what)
        return [aligned_empty(shape, self.recipe.numpy_dtype) for _ in range(count)]

    def _items(self, items: Sequence[Image]) -> list[native.Item]:
        return as_items(items, upright=self.recipe.exif == "apply")


def _tell(diagnostics: Sequence[Diagnostic], on_diagnostic: OnDiagnostic | None) -> None:
    if on_diagnostic is not None:
        for diagnostic in diagnostics:
            on_diagnostic(diagnostic)
