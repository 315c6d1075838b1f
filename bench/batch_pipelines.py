"""The pipelines that have threads of their own: regcore, DALI and SPDL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from pipelines import BATCH, CROP, MEAN, RESIZE, STD, Array, Item, Pass

if TYPE_CHECKING:
    from regcore import Preprocessor

#: DALI's threads share one batch; a larger one keeps them busy.
DALI_BATCH = 64

#: The sizes of `pipelines.target_size`, and the crop. What SPDL's get_video_filter_desc writes has
#: FFmpeg round the sizes up or down, so that a quarter of ImageNet's would be a pixel larger.
FFMPEG_FILTERS = (
    f"scale=w='max({RESIZE},trunc({RESIZE}*iw/ih))':h='max({RESIZE},trunc({RESIZE}*ih/iw))'"
    f":flags=bicubic,crop={CROP}:{CROP},format=pix_fmts=rgb24"
)


def _regcore(items: Sequence[Item], preprocessor: Preprocessor) -> Pass:
    recipe = preprocessor.recipe
    threads = preprocessor.workers
    depth = 2 + -(-threads // BATCH)
    buffers = [np.zeros((BATCH, *recipe.image_shape), recipe.numpy_dtype) for _ in range(depth)]

    def run() -> Iterator[Array]:
        with preprocessor.stream(items, BATCH, buffers=buffers) as stream:
            for batch in stream:
                yield batch.images

    return run


def regcore_float32(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    from regcore import Preprocessor, Recipe

    return _regcore(items, Preprocessor(Recipe(), workers=threads))


def regcore_ignoring(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    from regcore import Preprocessor, Recipe

    return _regcore(items, Preprocessor(Recipe(), workers=threads, on_warning="ignore"))


def regcore_uint8(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    from regcore import Preprocessor, Recipe

    recipe = Recipe(dtype="uint8", layout="nhwc")
    return _regcore(items, Preprocessor(recipe, workers=threads))


def regcore_bin(items: Sequence[Item], threads: int, folder: Path) -> Pass:
    """One float32 .bin file per image, each pass over the files of the one before."""
    from regcore import Preprocessor, Recipe

    preprocessor = Preprocessor(Recipe(), workers=threads)
    targets = [folder / f"{index}.bin" for index in range(len(items))]

    def run() -> Iterator[Array]:
        for error in preprocessor.to_files(items, targets):
            raise error
        return iter(())

    return run


def regcore_bin_read_back(items: Sequence[Item], threads: int, folder: Path) -> Pass:
    """To compare pixels: what the .bin files hold."""
    write = regcore_bin(items, threads, folder)

    def run() -> Iterator[Array]:
        yield from write()
        for index in range(len(items)):
            values = np.fromfile(folder / f"{index}.bin", np.float32)
            yield values.reshape(1, 3, CROP, CROP)

    return run


def dali(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """Without prefetching, which would go on while another pipeline is timed."""
    from nvidia.dali import fn, pipeline_def, types

    from_files = isinstance(items[0], str)
    inputs = [np.frombuffer(i.encode() if isinstance(i, str) else i, np.uint8) for i in items]
    size = max(DALI_BATCH, 8 * threads)
    parts = [inputs[first : first + size] for first in range(0, len(inputs), size)]

    @pipeline_def(
        batch_size=size,
        num_threads=threads,
        device_id=None,
        exec_async=False,
        exec_pipelined=False,
        prefetch_queue_depth=1,
    )
    def define() -> Any:  # noqa: ANN401
        data = fn.external_source(source=parts, cycle="quiet", dtype=types.UINT8, no_copy=True)
        if from_files:
            data = fn.io.file.read(data)
        image = fn.decoders.image(data, output_type=types.RGB, adjust_orientation=False)
        image = fn.resize(
            image, resize_shorter=RESIZE, interp_type=types.INTERP_CUBIC, antialias=True
        )
        return fn.crop_mirror_normalize(
            image,
            crop=(CROP, CROP),
            mean=(255 * MEAN).tolist(),
            std=(255 * STD).tolist(),
            dtype=types.FLOAT,
            output_layout="CHW",
        )

    pipeline = define()
    pipeline.build()

    def run() -> Iterator[Array]:
        for _ in parts:
            (batch,) = pipeline.run()
            yield batch.as_array()

    return run


def spdl(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """FFmpeg decodes, resizes and crops, in SPDL's threads, which normalise with NumPy."""
    import spdl.io
    from spdl.pipeline import PipelineBuilder

    parts = [items[first : first + BATCH] for first in range(0, len(items), BATCH)]
    mean = (255 * MEAN).reshape(3, 1, 1)
    scale = (1 / (255 * STD)).reshape(3, 1, 1)

    def prepare(part: Sequence[Item]) -> Array:
        buffer = spdl.io.load_image_batch(
            part, width=None, height=None, pix_fmt=None, filter_desc=FFMPEG_FILTERS
        )
        pixels = spdl.io.to_numpy(buffer).transpose(0, 3, 1, 2)
        values = np.empty(pixels.shape, np.float32)
        np.subtract(pixels, mean, out=values)
        return np.multiply(values, scale, out=values)

    def run() -> Iterator[Array]:
        pipeline = (
            PipelineBuilder()
            .add_source(parts)
            .pipe(prepare, concurrency=threads, output_order="input")
            .add_sink(threads)
            .build(num_threads=threads)
        )
        pipeline.start()
        try:
            for _ in parts:
                yield pipeline.get_item()
        finally:
            # It looks every 0.1 s whether it may end, which would be a sixth of so short a pass.
            Thread(target=pipeline.stop).start()

    return run
