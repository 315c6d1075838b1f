"""Which images of a source or a store a job takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError
from regcore.images.listing import read_image_list
from regcore.sources.files import FileSource
from regcore.sources.protocol import ImageSource
from regcore.sources.spelling import is_folder, open_source
from regcore.store.reader import Store


def chosen_photos(images: str | Path, list_file: Path | None) -> ImageSource:
    """All photos, as open_source opens them, or those that a text file names, in its order."""
    if list_file is None:
        return open_source(images)
    if is_folder(images):  # which need not be listed
        return FileSource(images, read_image_list(list_file, images))
    source = open_source(images)
    return source.chosen(read_image_list(list_file, source.root))


def chosen_of_store(store: Store, list_file: Path | None) -> Sequence[str]:
    """The names of all images of a store, or of those that a text file names, in its order.

    Raises DatasetError where one of these is not in the store.
    """
    if list_file is None:
        return store.listed
    names = read_image_list(list_file, store.source)
    known = set(store.listed)
    strange = [name for name in names if name not in known]
    if strange:
        raise DatasetError(
            f"{list_file}: {len(strange)} of {counted(len(names), 'image')} "
            f"{agreeing(len(strange), 'is', 'are')} not in the store "
            f"{store.folder}, the first is {strange[0]}"
        )
    return names


def places_of(listed: Sequence[str], names: Sequence[str]) -> Sequence[int]:
    """The places in a list of some of its names; a range where these are its first ones."""
    if list(listed[: len(names)]) == list(names):
        return range(len(names))
    place_of = {name: place for place, name in enumerate(listed)}
    return [place_of[name] for name in names]
