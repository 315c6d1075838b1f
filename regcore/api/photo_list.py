"""Which photos of a folder a job takes."""

from __future__ import annotations

from pathlib import Path

from regcore.images.listing import Listing, listing, read_image_list


def chosen_photos(images: Path, list_file: Path | None) -> Listing:
    """All photos of a folder, or those that a text file names, in its order."""
    if list_file is None:
        return listing(images)
    return Listing(images, read_image_list(list_file, images))
