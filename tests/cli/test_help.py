"""Help: the commands by task, the same in both ways, and examples that the options take."""

from __future__ import annotations

import inspect
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import click
import pytest
from command_line import regcore

from regcore.cli import cli
from regcore.cli.docstrings import docstring_of
from regcore.cli.sections import SECTIONS

Found = tuple[str, click.Command]


def commands(group: click.Group = cli, path: str = "") -> Iterator[Found]:
    for name, command in group.commands.items():
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


def test_every_command_has_its_task_and_its_file() -> None:
    listed = [name for _, names in SECTIONS for name, _ in names]
    assert len(set(listed)) == len(listed)
    not_commands = {"sections", "console", "options", "usage", "progress", "termination"}
    not_commands |= {"command_group", "convert_options", "device_options", "lint", "__init__"}
    not_commands |= {"score_options", "report_option", "least_width", "repeated_options"}
    not_commands |= {"docstrings"}
    files = {
        path.stem for path in Path(sys.modules["regcore.cli"].__file__ or "").parent.glob("*.py")
    }
    assert files - not_commands == set(listed)
    told = regcore("--help").stdout
    for task, names in SECTIONS:
        assert f"\n{task}:\n" in told
        for name, what in names:
            assert f"  {name.ljust(11)}  {what}\n" in told


@pytest.mark.parametrize("command", [(), ("run",), ("recipe",), ("recipe", "list")])
def test_help_is_the_same_without_docstrings(command: tuple[str, ...]) -> None:
    line = ["-m", "regcore", *command, "--help"]
    with_, without = (
        subprocess.run([sys.executable, *more, *line], capture_output=True, text=True, check=True)
        for more in ((), ("-OO",))
    )
    assert without.stdout == with_.stdout


def test_no_command_loses_its_help_without_docstrings() -> None:
    program = (
        "import json\nfrom regcore.cli import cli\n"
        "def helps(group):\n"
        "    for name, command in group.commands.items():\n"
        "        yield name, command.help\n"
        "        yield from helps(command) if hasattr(command, 'commands') else ()\n"
        "print(json.dumps(list(helps(cli))))\n"
    )
    line = [sys.executable, "-OO", "-c", program]
    told = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
    known = [[path.split()[-1], command.help] for path, command in commands()]
    assert [[name, inspect.cleandoc(text)] for name, text in told] == [
        [name, inspect.cleandoc(text or "")] for name, text in known
    ]


def test_where_there_is_no_source_either_that_is_said() -> None:
    from_nowhere = FunctionType(compile("0", "nowhere.py", "eval"), {})
    assert docstring_of(from_nowhere).startswith("What this does is not told under")


@pytest.mark.parametrize("path", [path for path, _ in commands()])
def test_help_is_the_same_both_ways(path: str) -> None:
    asked = regcore(*path.split(), "--help")
    assert asked.exit_code == 0
    assert regcore("help", *path.split()).stdout == asked.stdout


def test_help_of_all_and_of_nothing() -> None:
    assert regcore("help").stdout == regcore("--help").stdout
    assert regcore("help", "rnu").exit_code == 2
    assert "regcore has no command rnu; did you mean run?" in regcore("help", "rnu").stderr
    assert "regcore run has no commands of its own" in regcore("help", "run", "x").stderr


def examples() -> Iterator[str]:
    for path, command in commands():
        _, mark, text = (command.help or "").partition("Example")
        assert mark, f"regcore {path} --help has no example"
        lines = text.replace("\\\n", " ").splitlines()
        found = [line.strip() for line in lines if line.strip().startswith("regcore ")]
        assert found, path
        yield from found


@pytest.mark.parametrize("line", list(examples()))
def test_examples_are_understood(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def any_path(path: click.Path, value: Any, *_: object) -> Any:
        return path.coerce_path_result(value)

    monkeypatch.setattr(click.Path, "convert", any_path)  # nothing need be there
    words = shlex.split(line.partition(" > ")[0])[1:]
    ctx = click.Context(cli, info_name="regcore")
    while words:
        command = ctx.command
        if not isinstance(command, click.Group):
            break
        name, found, words = command.resolve_command(ctx, words)
        assert found is not None
        assert name is not None
        if isinstance(found, click.Group):
            ctx = click.Context(found, info_name=name, parent=ctx)
        else:
            ctx = found.make_context(name, words, parent=ctx)  # raises UsageError


def test_python_m_regcore() -> None:
    command = [sys.executable, "-m", "regcore", "help", "run"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    told = regcore("run", "--help").stdout
    assert "".join(asked.stdout.split()) == "".join(told.split())


def test_help_imports_no_command() -> None:
    program = (
        "import sys\nfrom regcore.cli import cli\n"
        "try: cli(['--help'], prog_name='regcore')\nexcept SystemExit: pass\n"
        "loaded = {name for name in sys.modules if name.startswith('regcore.cli.')}\n"
        "assert not loaded & {'regcore.cli.run', 'regcore.cli.compare'}, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
