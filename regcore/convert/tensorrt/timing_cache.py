"""Measurements of kernels that TensorRT keeps for the next build, and that never fail one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from regcore.errors import OutputError
from regcore.files.atomic import replacing
from regcore.files.cache_dir import user_cache

#: What a builder says when it goes on without what was known.
LEFT_OUT = "the timing cache is left out, as it is damaged or of another GPU"


def default_timing_cache(version: tuple[int, int, int], gpu: str | None) -> Path:
    """The user's file for this version of TensorRT and this kind of GPU: it holds for no other."""
    parts = ["tensorrt", *map(str, version), *re.findall(r"\w+", gpu or "")]
    return user_cache() / f"{'-'.join(parts)}.timing-cache"


@contextmanager
def working_copy(kept: Path, folder: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """A copy of the cache `kept` in `folder`, which takes its place after the block.

    The copy is not there where `kept` is not, or cannot be read. Where it is not there or empty
    afterwards, or the block raises, `kept` stays as it is. say: gets what went wrong.
    """
    copy = folder / "tensorrt.timing-cache"
    try:
        if kept.is_file():
            copy.write_bytes(kept.read_bytes())
    except OSError as error:
        say(f"the timing cache is not read: {error}")
    yield copy
    try:
        if copy.is_file() and copy.stat().st_size:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with replacing(kept) as temporary:
                temporary.write_bytes(copy.read_bytes())
    except (OSError, OutputError) as error:
        say(f"the timing cache is not kept: {error}")
