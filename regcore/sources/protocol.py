"""What every source of images can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DecodeError
from regcore.images.sources import Image

if TYPE_CHECKING:
    from typing_extensions import Self

#: Of an image that cannot be asked.
NO_VERSION = (-1, -1)


class ImageSource(ABC):
    """Images with a name each; a context manager that closes what it opened.

    root: the folder, or URL, below which the names lie. names: of the images, each once, in the
    order in which they are read, with `/` between the folders; an image in an archive is named as
    `shard-000.tar::n01440764/x.jpg`. broken: what may have led to further images, so that the list
    is not complete.
    """

    root: str
    names: Sequence[str]
    broken: Sequence[DecodeError] = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.root!r}: {counted(len(self), 'image')}>"

    def __len__(self) -> int:
        return len(self.names)

    def labels(self) -> NDArray[np.int64] | None:
        """The class of each image as the source itself has it, int64 [images]; None: it has none.

        Raises DatasetError where it has those of some images only.
        """
        return None

    @abstractmethod
    def read(self, places: Iterable[int] | None = None) -> list[Image]:
        """These images, by default all, as a Preprocessor takes them: paths, parts, or on demand.

        Nothing is read yet; the bytes of an image on demand are read ahead in the order of places.
        """

    @abstractmethod
    def version(self, place: int) -> tuple[int, int]:
        """What tells an image from one that had its name before; NO_VERSION where it is not there.

        Of a file its size in bytes and the time of its last change in ns; of an image in an archive
        its size, or the archive's, and a number made of the archive's size and time and the place.
        """

    def versions(self) -> NDArray[np.int64]:
        """The versions of all images, int64 [images, 2]."""
        found = [self.version(place) for place in range(len(self))]
        return np.array(found, np.int64).reshape(-1, 2)

    @abstractmethod
    def is_gone(self, place: int) -> bool:
        """Whether an image is not there any more."""

    @abstractmethod
    def chosen(self, names: Sequence[str]) -> ImageSource:
        """The source of these images in this order; one that is not there fails when it is read."""

    @abstractmethod
    def files(self) -> Iterator[Path]:
        """The local files that are read, over which nothing may be written."""

    def left_out(self) -> str:
        """What is left out beside the images, in words; empty where there is nothing."""
        return ""

    def path(self, place: int) -> str:
        """What errors call an image."""
        return below(self.root, self.names[place])

    def close(self) -> None:
        """Lets go of files; images on demand cannot be read any more."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_url(text: str) -> bool:
    """Whether this names something that fsspec opens."""
    scheme, mark, _ = text.partition("://")
    return bool(mark) and scheme.replace("::", "").replace("+", "").replace("-", "").isalnum()


def absolute(root: str) -> str:
    """A folder from the root of the file system on; a URL as it is."""
    return root if is_url(root) else str(Path(root).absolute())


def below(root: str, name: str) -> str:
    """The path or URL of what has this name below a folder or URL."""
    if not is_url(root):
        return str(Path(root) / name)
    return f"{root}{name}" if root.endswith("://") else f"{root.rstrip('/')}/{name}"
