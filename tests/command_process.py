"""Commands in a process of their own: torch and timm warn a lot, load slowly and stay loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Runs the code of its first argument, then every command of its second, and prints the results.
_CHILD = """
import json, sys, warnings
warnings.simplefilter("ignore")
from click.testing import CliRunner
from regcore.cli import cli
exec(sys.argv[1])
results = []
for arguments in json.loads(sys.argv[2]):
    result = CliRunner().invoke(cli, arguments)
    results.append([result.exit_code, result.stdout, result.stderr])
print("\\n" + json.dumps(results))
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def answer(self) -> Any:
        """What it printed as JSON."""
        assert self.exit_code == 0, self.stderr
        return json.loads(self.stdout)


def run_commands(commands: Sequence[Sequence[object]], setup: str = "") -> list[Outcome]:
    """Runs the Python code `setup` and then `regcore` with each list of arguments."""
    texts = [[str(argument) for argument in command] for command in commands]
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, setup, json.dumps(texts)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return [Outcome(*result) for result in json.loads(child.stdout.rstrip().rsplit("\n", 1)[1])]
