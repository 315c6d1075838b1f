"""Damages the file of one reader many times, and has it read, in this process.

    PYTHONPATH=tests python -m readers.mutate SEEDS READER FIRST COUNT

SEEDS is a folder that seeds.make_seeds has filled, READER a name of readers.py, FIRST the first of
COUNT mutations; number 0 is the sound file, which must be read. Everything else than a RegcoreError
of one short line that names a file is told on stdout, a line each, then "done". A hang or a crash
ends the process before that, with the number on stderr.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import resource
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from readers.commands import OTHERS
from readers.mutations import mutate
from readers.readers import READERS, Reader
from regcore.cli import cli
from regcore.cli.console import log
from regcore.errors import RegcoreError

_SECONDS = 30
_MORE_MEMORY = 1 << 30
_LONGEST_LINE = 2000
_CODES = {2, 3, 5}


def faults(seeds: Path, reader: Reader, numbers: range) -> Iterator[str]:
    """What is wrong with how the reader takes each of these mutations, in a line."""
    sound = (seeds / reader.file).read_bytes()
    for number in numbers:
        content = mutate(sound, number) if number else sound
        _lay_out(seeds, reader, content)
        for command in reader.commands:
            at = f"{number}: {' '.join(command)}"
            print(at, file=sys.__stderr__, flush=True)
            faulthandler.dump_traceback_later(_SECONDS, exit=True)
            words = [word.replace("@", str(seeds)) for word in command]
            for fault in _faults_of(words, reader, sound=number == 0):
                yield f"{at}: {fault}; {_difference(sound, content)}"
            faulthandler.cancel_dump_traceback_later()


def _lay_out(seeds: Path, reader: Reader, content: bytes) -> None:
    """Fresh copies in the current folder, with the damaged file."""
    for entry in os.scandir():
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()
    for name in {Path(reader.file).parts[0], *reader.uses}:
        source = seeds / name
        if source.is_dir():
            shutil.copytree(source, name)
        else:
            shutil.copyfile(source, name)
    Path(reader.file).write_bytes(content)


def _faults_of(command: list[str], reader: Reader, *, sound: bool) -> Iterator[str]:
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            code = _run(command)
        if code not in {None, 0, 1, 3, 5}:
            yield f"exit code {code}"
    except RegcoreError as error:
        message = str(error)
        with contextlib.redirect_stderr(told):
            log(message)
        if sound:
            yield f"the sound file is refused: {message[:200]!r}"
        if error.exit_code not in _CODES:
            yield f"exit code {error.exit_code}: {message[:200]!r}"
        if not any(name in message for name in _names(reader)):
            yield f"a message that names nothing: {message[:200]!r}"
    except (Exception, SystemExit) as error:  # noqa: BLE001
        yield f"{type(error).__name__}: {str(error)[:200]!r} in {_where(error)}"
    longest = max(map(len, told.getvalue().splitlines()), default=0)
    if longest > _LONGEST_LINE:
        yield f"a line of {longest} characters on stderr: {told.getvalue()[:100]!r}"


def _names(reader: Reader) -> list[str]:
    """What an error may name, to say where the fault is."""
    names = ["/", ".jpg", *Path(reader.file).parts, *reader.uses]
    if reader.names_images:
        text = Path(reader.file).read_text(encoding="utf-8", errors="replace")
        names += filter(None, text.splitlines())
    return names


def _run(command: list[str]) -> object:
    """The exit code, or the exception that the command line would make one line of."""
    name, *arguments = command
    if name in OTHERS:
        return OTHERS[name](*arguments)
    try:
        return cli.commands[name].main(arguments, standalone_mode=False)
    except click.ClickException as error:
        return None if error.exit_code in _CODES else error.exit_code


def _where(error: BaseException) -> str:
    """The innermost line of regcore in a traceback."""
    trace, found = error.__traceback__, "?"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "regcore" in file.parts and file.parent != Path(__file__).parent:
            found = f"{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _difference(sound: bytes, damaged: bytes) -> str:
    """Where the bytes begin to differ, and some of each."""
    pairs = enumerate(zip(sound, damaged, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(sound), len(damaged)))
    return f"at byte {at}: {sound[at : at + 30]!r} became {damaged[at : at + 60]!r}"


def _read_mutations(
    seeds: Path, name: str, numbers: range, tell_fault: Callable[[str], None]
) -> None:
    reader = next(reader for reader in READERS if reader.name == name)
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + _MORE_MEMORY, resource.RLIM_INFINITY))
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        os.chdir(folder)
        for fault in faults(seeds, reader, numbers):
            tell_fault(fault)
        os.chdir("/")


def main() -> None:
    seeds, name, first, count = sys.argv[1:]
    answers = sys.stdout
    faulthandler.enable()
    warnings.simplefilter("error")  # which would go raw to stderr
    numbers = range(int(first), int(first) + int(count))
    _read_mutations(
        Path(seeds).resolve(),
        name,
        numbers,
        lambda text: print(text, file=answers, flush=True),
    )
    print("done")  # noqa: T201


if __name__ == "__main__":
    main()
