"""Stand-ins of the vendors' compilers, put on the PATH."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

EMULATORS = Path(__file__).resolve().parent


def install(folder: Path, name: str, script: str) -> None:
    """Makes `script`, a file of this folder, the program `name` in `folder`."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    command = shlex.join([sys.executable, str(EMULATORS / script)])
    # The tests' modules are found, and the source tree is not.
    path = f"{EMULATORS}:{EMULATORS.parent}"
    program.write_text(f'#!/bin/sh\nPYTHONSAFEPATH=1 PYTHONPATH={path} exec {command} "$@"\n')
    program.chmod(0o755)
