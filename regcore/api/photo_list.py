"""Which photos of a source a job takes."""

from __future__ import annotations

from pathlib import Path

from regcore.images.listing import read_image_list
from regcore.sources.files import FileSource
from regcore.sources.protocol import ImageSource
from regcore.sources.spelling import is_folder, open_source


def chosen_photos(images: str | Path, list_file: Path | None) -> ImageSource:
    """All photos, as open_source opens them, or those that a text file names, in its order."""
    if list_file is None:
        return open_source(images)
    if is_folder(images):  # which need not be listed
        return FileSource(images, read_image_list(list_file, images))
    source = open_source(images)
    return source.chosen(read_image_list(list_file, source.root))
