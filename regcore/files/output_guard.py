"""What a command is about to write, checked before any work: it may destroy nothing of others.

A file is replaced only where its content is recognised as what the same command writes, or where
the user insists; an input, a device node or a folder never is.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from regcore.errors import OutputError, UsageError

#: Whether a file that begins with these bytes (up to HEAD_BYTES) is of the kind to be written.
Recognise = Callable[[bytes], bool]

HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Output:
    """A file that a command will write: `path`, and by what its own kind is known.

    recognise_file: for kinds that only the whole file, or what lies beside it, tells.
    """

    path: Path
    recognise: Recognise = lambda _: False
    recognise_file: Callable[[Path], bool] = lambda _: False


def json_of(form: str) -> Recognise:
    """Recognises JSON whose `format` names regcore's form, e.g. "run", as schemas.json_form."""
    name = re.compile(rb'"name"\s*:\s*"regcore ' + re.escape(form.encode()) + rb'"')
    return lambda head: head.lstrip()[:1] == b"{" and name.search(head) is not None


def text_of(pattern: bytes) -> Recognise:
    """Recognises a text that begins with what the regular expression matches."""
    compiled = re.compile(pattern)
    return lambda head: compiled.match(head) is not None


def is_recognised(output: Output) -> bool:
    """Whether a file that is there is of the kind to be written."""
    with output.path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return output.recognise(head) or output.recognise_file(output.path)


def check_outputs(
    outputs: Iterable[Output], inputs: Iterable[str | Path] = (), *, force: bool = False
) -> None:
    """Refuses outputs whose writing would destroy something.

    inputs: what the command reads, files or folders. force: also files of others are replaced,
    but no input, and nothing that is not a regular file.
    Raises UsageError where an output is an input, another output, or a file that regcore did not
    write; OutputError where it is a folder, a device or the like. Links are followed.
    """
    sources = [Path(path) for path in inputs]
    seen: dict[Path, Path] = {}
    for output in outputs:
        path = output.path
        place = Path(os.path.realpath(path))
        if place in seen:
            raise UsageError(f"{path} and {seen[place]} are one file; name another for one of them")
        seen[place] = path
        for source in sources:
            if _same(path, source):
                raise UsageError(
                    f"{path}: would be written over the input {source}; name another file"
                )
        _check_kind(output, force=force)


def _same(path: Path, source: Path) -> bool:
    try:
        return path.samefile(source)
    except (OSError, ValueError):
        return os.path.realpath(path) == os.path.realpath(source)


def _check_kind(output: Output, *, force: bool) -> None:
    path = output.path
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise OutputError(f"{path}: is a folder, not a file to write")
    if not stat.S_ISREG(status.st_mode):
        raise OutputError(f"{path}: is a device or pipe, which a file would replace")
    if force or status.st_size == 0:
        return
    try:
        known = is_recognised(output)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error
    if not known:
        raise UsageError(
            f"{path}: is there and was not written by this command; --force to replace it, or "
            "name another file"
        )
