"""The dataset files of Ascend's benchmark tool: one `INDEX PATH WIDTH HEIGHT` a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from regcore.errors import DatasetError
from regcore.files.atomic import check_writable, replacing
from regcore.files.input_file import read_input
from regcore.files.output_guard import Output, check_outputs, text_of

_FIRST_LINE = rb"0 \S+ [0-9]+ [0-9]+\n"
_INFO_FIELDS = 4
#: Linux knows no path of more bytes; two sizes and a number stand beside it.
_LONGEST_LINE = 4096
_LARGEST_INFO = 1 << 30


def info_lines(images: Iterator[tuple[str, int, int]]) -> Iterator[str]:
    """The lines for images: path, width and height of each.

    Raises DatasetError for a path with white space, which would make an ambiguous line.
    """
    for index, (path, width, height) in enumerate(images):
        if path.split() != [path]:
            raise DatasetError(f"{path!r}: a path with white space makes an ambiguous line")
        yield f"{index} {path} {width} {height}\n"


def read_info(path: Path, size: tuple[int, int]) -> list[str]:
    """The files in an info file, whose lines are `INDEX PATH WIDTH HEIGHT`.

    size: rows and columns of the images. Raises DatasetError where a line is another, or of
    images of another size.
    """
    content = read_input(path, _LARGEST_INFO)
    lines = content.decode("utf-8", errors="surrogateescape").splitlines()
    files = []
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if "\0" in line or len(line) > _LONGEST_LINE:
            raise DatasetError(f"{path}, line {number}: this is not the path of any file")
        if len(fields) != _INFO_FIELDS or fields[0] != str(number - 1):
            raise DatasetError(f"{path}, line {number}: expected '{number - 1} PATH WIDTH HEIGHT'")
        if fields[2:] != [str(size[1]), str(size[0])]:
            raise DatasetError(
                f"{path}, line {number}: {' x '.join(fields[2:])} pixels, but the recipe gives "
                f"{size[1]} x {size[0]}"
            )
        files.append(fields[1])
    if not files:
        raise DatasetError(f"{path}: lists no files")
    return files


def write_info(path: str | Path, lines: Iterator[str]) -> int:
    """Writes the lines as a file, whole or not at all; returns their number."""
    count = 0
    with replacing(path) as temporary, temporary.open("wb") as file:
        for line in lines:
            file.write(os.fsencode(line))
            count += 1
    return count


def check_target(out: Path, folder: str | Path, *, force: bool = False) -> None:
    """Refuses an info file `out` that would destroy something.

    Raises UsageError where it is a file of `folder`, or (unless with `force`) no info file;
    OutputError where it is a device, a folder or the like, or where no file can be written.
    """
    check_writable(out)
    inputs: list[str | Path] = []
    if out.exists():  # what is not there is none of them
        inputs = [Path(folder, name) for name in os.listdir(folder)]  # noqa: PTH208
    check_outputs([Output(out, text_of(_FIRST_LINE))], inputs, force=force)
