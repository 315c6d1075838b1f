"""Which image goes where in a store, decided before any work."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from regcore.errors import UsageError
from regcore.files.names import image_key, split_member
from regcore.images.listing import LONGEST_NAME
from regcore.recipes.recipe import Recipe
from regcore.store.ledger import are_names, is_name
from regcore.store.manifest_form import StoreLayout

SUFFIX = ".bin"

#: Large enough for one long read, small enough to be made again after a crash.
PACK_BYTES = 1 << 30


@dataclass(frozen=True)
class Part:
    """Sources [first, first + count) of the list, for the pack `file`."""

    file: str
    first: int
    count: int


def pack_rows(form: StoreLayout, images: int) -> int:
    """Rows of a pack with this number of good images, padding included."""
    batch_size = form.batch_size or 1
    return -(-images // batch_size) * batch_size if form.padded else images


def pack_form(
    recipe: Recipe, batch_size: int, *, padded: bool = False, pack_bytes: int = PACK_BYTES
) -> StoreLayout:
    """Packs of as many whole batches as fit into `pack_bytes`, at least one."""
    if batch_size < 1:
        raise UsageError(f"a batch needs at least 1 image, not {batch_size}")
    batches = max(1, pack_bytes // (recipe.image_bytes * batch_size))
    return StoreLayout(batch_size=batch_size, pack_images=batches * batch_size, padded=padded)


def pack_parts(form: StoreLayout, images: int, first_pack: int = 0) -> list[Part]:
    """The packs of a list of `images`; first_pack: the number of the first one."""
    size = form.pack_images or 1
    return [
        Part(f"pack-{first_pack + first // size:05}{SUFFIX}", first, min(size, images - first))
        for first in range(0, images, size)
    ]


def image_files(form: StoreLayout, paths: Sequence[str]) -> list[str]:
    """The file of every image, in stores of one file an image.

    photo.x.JPEG becomes photo.bin, as by the guide's script, in the folder of its source if the
    form keeps folders. Raises UsageError where two would become one, or where a name is too long.
    """
    owners: dict[str, str] = {}
    for path in paths:
        name = f"{image_key(path)}{SUFFIX}"
        file = f"{_folder_of(path)}{name}" if form.keep_folders else name
        if file in owners:
            raise UsageError(
                f"{owners[file]} and {path} would both become {file}: rename one of them, "
                + _advice(owners[file], path)
            )
        if len(os.fsencode(name)) > LONGEST_NAME:
            raise UsageError(f"{path}: the name {name} is longer than {LONGEST_NAME} bytes")
        owners[file] = path
    return list(owners)


def _folder_of(path: str) -> str:
    """Its folder with a `/`, or nothing; an archive counts as a folder."""
    split = split_member(path)
    path = path if split is None else "/".join(split)
    folder = PurePosixPath(path).parent.as_posix()
    return "" if folder == "." else f"{folder}/"


def _advice(one: str, other: str) -> str:
    if _folder_of(one) != _folder_of(other):
        return "or keep their folders (--keep-folders)"
    return "as names are cut at their first dot, or put the images into packs (--pack)"


def check_list(paths: Sequence[str]) -> None:
    """Raises UsageError where an image is listed twice, which would count it twice.

    Also where a path is absolute, or leads out of the folder of the images.
    """
    if not are_names(paths):
        wrong = next(path for path in paths if not is_name(path))
        raise UsageError(f"{wrong!r} is no path below the folder of the images")
    spelled = [posixpath.normpath(path) if "./" in path else path for path in paths]
    if len(set(spelled)) == len(spelled):
        return
    path, count = Counter(spelled).most_common(1)[0]
    raise UsageError(f"{path} is listed {count} times")
