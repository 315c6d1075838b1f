"""Whatever stands in a file that regcore reads, the answer is a RegcoreError of one line.

REGCORE_MUTATIONS in the environment is how many there are in all; CI has 20,000.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from readers.readers import READERS, Reader
from readers.seeds import make_seeds

pytestmark = pytest.mark.slow

_MUTATIONS = int(os.environ.get("REGCORE_MUTATIONS", "3000"))
_SHARES = sum(reader.share for reader in READERS)
_SHOWN = 12


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound files for every reader."""
    pytest.importorskip("jinja2")
    folder = tmp_path_factory.mktemp("seeds")
    make_seeds(folder)
    return folder


def test_there_are_as_many_as_promised() -> None:
    assert sum(count_of(reader) for reader in READERS) >= _MUTATIONS


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_mutations(seeds: Path, tmp_path: Path, reader: Reader) -> None:
    arguments = [str(seeds), reader.name, "0", str(count_of(reader) + 1)]
    done = subprocess.run(
        [sys.executable, "-m", "readers.mutate", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    found = done.stdout.splitlines()
    last = done.stderr.splitlines()[-30:]
    assert found[-1:] == ["done"], f"{reader.name}: ended with {done.returncode}: {last}"
    shown = "\n".join(found[:_SHOWN])
    again = f"PYTHONPATH=tests python -m readers.mutate {seeds} '{reader.name}' NUMBER 1"
    assert len(found) == 1, f"{len(found) - 1} faults; one of them again: {again}\n{shown}"


def count_of(reader: Reader) -> int:
    return -(-_MUTATIONS * reader.share // _SHARES)
