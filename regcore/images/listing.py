"""Which image files a folder has, in a stable order, and what beside them is left out."""

from __future__ import annotations

import codecs
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from regcore.errors import DatasetError, DecodeError, UsageError
from regcore.files.input_file import read_input
from regcore.files.names import digit_runs
from regcore.images.image_names import IMAGE_SUFFIXES, is_companion_name, is_image_name

#: Bytes, on the file systems in use.
LONGEST_NAME = 255

_NAMED = 3


@dataclass
class LeftOut:
    """Entries of one sort that are not listed: how many, and the names of the first."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Counts one more."""
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(name)

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.first) else ""
        return f"{', '.join(self.first)}{more}"


@dataclass
class Listing:
    """The images of a folder and its sub-folders, or one file.

    root: the folder; names: the images as paths below it with `/` between the folders, in natural
        order. A million names take a tenth of the memory of a million Path objects.
    broken: entries that may have led to images: links that lead nowhere or in a circle, folders
        that may not be read. Nothing of them is in `names`, so that the list is not complete.
    unknown: files whose names are not those of images that are read; companions: text, hidden and
        system files; linked: links to folders that are listed already, by their own names.
    """

    root: Path
    names: list[str] = field(default_factory=list)
    broken: list[DecodeError] = field(default_factory=list)
    unknown: LeftOut = field(default_factory=LeftOut)
    companions: LeftOut = field(default_factory=LeftOut)
    linked: LeftOut = field(default_factory=LeftOut)

    def left_out(self) -> str:
        """What is left out, in words; empty where there is nothing."""
        parts = (
            (self.unknown, "of a kind that is not read"),
            (self.companions, "text, hidden or system files"),
            (self.linked, "links to folders that are listed already"),
        )
        return "; ".join(f"{some.count} {what} ({some})" for some, what in parts if some.count)


def listing(source: str | Path) -> Listing:
    """All images of a folder and its sub-folders, or the one file `source`, whatever its name.

    A folder's images are known by their suffix (`IMAGE_SUFFIXES`, any case). Links to folders are
    followed, but no folder is visited twice. Raises DatasetError where `source` cannot be read or
    holds no image.
    """
    source = Path(source)
    try:
        mode = source.stat().st_mode
    except FileNotFoundError as error:
        raise DatasetError(f"{source}: no such file or folder") from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{source}: {getattr(error, 'strerror', None) or error}") from error
    if stat.S_ISREG(mode):
        return Listing(source.parent, [source.name])
    if not stat.S_ISDIR(mode):
        kind = "a FIFO" if stat.S_ISFIFO(mode) else "a device or socket"
        raise DatasetError(f"{source}: is {kind}, where a folder or an image file is needed")
    found = Listing(source)
    found.names.extend(_Walk(found).images())
    if not found.names:
        if found.broken:
            raise DatasetError(f"{source}: no image can be reached: {found.broken[0]}")
        kinds = " ".join(sorted(IMAGE_SUFFIXES))
        left = found.left_out()
        raise DatasetError(
            f"{source}: no images in this folder (looked for {kinds})"
            + (f"; left out: {left}" if left else "")
        )
    return found


def image_names(source: str | Path) -> tuple[Path, list[str]]:
    """The folder of `listing`, and its images."""
    found = listing(source)
    return found.root, found.names


def list_images(source: str | Path) -> tuple[Path, ...]:
    """The images of `listing` as paths."""
    root, names = image_names(source)
    return tuple(root / name for name in names)


def read_image_list(path: str | Path, source: str | Path) -> list[str]:
    """The images that a text file lists, as paths below `source` with `/` between the folders.

    One path a line, or NUL-separated (for names with a newline), below `source` or absolute; see
    listed_names. Whether the images exist shows when they are read. Raises DatasetError where
    one lies elsewhere or has a name that no file can have, or none is listed, UsageError where one
    is listed twice.
    """
    names = []
    given = listed_names(path)
    for listed in given:
        image = Path(listed)
        if image.is_absolute():
            folder = Path(source).absolute()
            if not image.is_relative_to(folder):
                raise DatasetError(f"{path}: {listed} does not lie below {source}")
            image = image.relative_to(folder)
        if ".." in image.parts:
            raise DatasetError(f"{path}: {listed} may lead out of {source}")
        if any(len(os.fsencode(part)) > LONGEST_NAME for part in image.parts):
            raise DatasetError(f"{path}: {listed[:40]!r}... is longer than the name of any file")
        names.append(image.as_posix())
    if not names:
        raise DatasetError(f"{path}: lists no images")
    _check_start(Path(given[0]), path, Path(source))
    if len(set(names)) != len(names):
        name, count = Counter(names).most_common(1)[0]
        raise UsageError(f"{path}: {name} is listed {count} times")
    return names


def _check_start(first: Path, path: str | Path, source: Path) -> None:
    """Raises DatasetError for a list whose paths begin at the current folder, as far as it shows.

    Its first image is looked for alone: a list can have millions.
    """
    if os.path.lexists(source / first) or not os.path.lexists(first):
        return
    if first.absolute().is_relative_to(source.absolute()):
        name = first.absolute().relative_to(source.absolute())
        raise DatasetError(
            f"{path}: {first} is below the current folder, but the paths of --list begin at "
            f"{source}; write {name}"
        )


def listed_names(path: str | Path) -> list[str]:
    """What a text file lists, one name a line, or NUL-separated.

    Blank lines, the carriage returns of Windows and a UTF-8 byte order mark are skipped.
    """
    content = read_input(path)
    if b"\0" in content:
        return [os.fsdecode(name) for name in content.split(b"\0") if name]
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return [os.fsdecode(line.removesuffix(b"\r")) for line in lines if line.strip()]


class _Walk:
    """One way through a folder, which enters no folder twice."""

    def __init__(self, found: Listing) -> None:
        self._found = found
        self._real_root = os.path.realpath(found.root).rstrip("/")
        self._visited: set[tuple[int, int]] = set()

    def images(self) -> Iterator[str]:
        """The images in the order of `natural_key`; what else is there goes into the listing."""
        # Not recursive: folders can lie deeper in each other than calls.
        open_folders = [self._entries(self._found.root, "")]
        while open_folders:
            entry = next(open_folders[-1], None)
            if entry is None:
                open_folders.pop()
            elif isinstance(entry, str):
                yield entry
            else:
                open_folders.append(self._entries(*entry))

    def _entries(self, folder: Path, prefix: str) -> Iterator[str | tuple[Path, str]]:
        """Images by their names, and folders to enter with the prefix of what is in them."""
        try:
            status = folder.stat()
            with os.scandir(folder) as scan:
                entries = [(entry.name, _is_folder(entry), entry.is_symlink()) for entry in scan]
        except OSError as error:
            if not prefix:
                raise DatasetError(f"{folder}: {error.strerror}") from error
            self._found.broken.append(DecodeError(str(folder), str(error.strerror)))
            return
        identity = status.st_dev, status.st_ino
        if identity in self._visited:
            self._found.linked.add(prefix.removesuffix("/"))
            return
        self._visited.add(identity)
        # A folder's entries are sorted before they are entered.
        entries.sort(key=lambda entry: (digit_runs(entry[0]), entry[0]))
        for name, is_folder, is_link in entries:
            if name.startswith("."):
                self._found.companions.add(f"{prefix}{name}")
            elif is_folder and is_link and self._is_listed_elsewhere(folder / name):
                self._found.linked.add(f"{prefix}{name}")
            elif is_folder:
                yield folder / name, f"{prefix}{name}/"
            elif is_image_name(name):
                yield f"{prefix}{name}"
            else:
                self._leave_out(folder / name, f"{prefix}{name}", is_link=is_link)

    def _is_listed_elsewhere(self, link: Path) -> bool:
        """Whether a link leads to a folder that is entered by its own name, or back up."""
        target = os.path.realpath(link)
        if f"{self._real_root}/".startswith(f"{target.rstrip('/')}/"):
            return True
        below = target.removeprefix(f"{self._real_root}/")
        return below != target and not any(part.startswith(".") for part in below.split("/"))

    def _leave_out(self, path: Path, name: str, *, is_link: bool) -> None:
        if is_companion_name(name):
            self._found.companions.add(name)
            return
        if is_link:
            try:
                path.stat()
            except OSError as error:
                reason = f"a link that leads nowhere: {error.strerror}"
                self._found.broken.append(DecodeError(str(path), reason))
                return
        self._found.unknown.add(name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or one in a folder that may not be entered
        return False
