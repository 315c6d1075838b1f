"""Completion by bash, zsh and fish, asked as these shells ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import regcore

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with a regcore of this interpreter, and a folder of nothing else."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "regcore"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m regcore "$@"\n')
    command.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def asked(shell: str, script: str, path: str, folder: Path) -> str:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run(
        [shell, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": path, "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_sound_and_says_how_to_install_it(
    shell: str, path: str, tmp_path: Path
) -> None:
    printed = regcore("completion", shell)
    assert printed.exit_code == 0
    assert f"# To install it: regcore completion {shell} > " in printed.stdout
    (tmp_path / "script").write_text(printed.stdout)
    no_execution = "--no-execute" if shell == "fish" else "-n"
    assert asked(shell, f"{shell} {no_execution} script", path, tmp_path) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("pre", {"predict", "predictions", "preprocess"}),
        ("recipe sh", {"show"}),
        ("run --on-warning f", {"fail"}),
        ("run --lab", {"--labels"}),
        ("help ver", {"verdict", "verify"}),
        ("verdict --baseline regnety_016.p", {"regnety_016.pycls_in1k"}),
    ],
)
def test_bash_completes(words: str, expected: set[str], path: str, tmp_path: Path) -> None:
    typed = ["regcore", *words.split()]
    listed = " ".join(typed)
    script = (
        'eval "$(regcore completion bash)"\n'
        f"COMP_WORDS=({listed}); COMP_CWORD={len(typed) - 1}\n"
        'compopt() { :; }\n_regcore_completion regcore\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    assert set(asked("bash", script, path, tmp_path).split()) == expected


@pytest.mark.slow
def test_bash_completes_files_for_models(path: str, tmp_path: Path) -> None:
    script = (
        'eval "$(regcore completion bash)"\nCOMP_WORDS=(regcore run mod); COMP_CWORD=2\n'
        'compopt() { echo "$@"; }\n_regcore_completion regcore\n'
    )
    assert "default" in asked("bash", script, path, tmp_path)


@pytest.mark.slow
def test_fish_completes(path: str, tmp_path: Path) -> None:
    script = "regcore completion fish | source; complete --do-complete 'regcore verd'"
    assert asked("fish", script, path, tmp_path).startswith("verdict\tJudge a run")


@pytest.mark.slow
def test_zsh_is_told_commands_with_their_purposes(path: str, tmp_path: Path) -> None:
    # The widget of zsh works in a terminal only: the question that it asks is asked here.
    script = 'env COMP_WORDS="regcore verd" COMP_CWORD=1 _REGCORE_COMPLETE=zsh_complete regcore'
    kind, word, what, *_ = asked("zsh", script, path, tmp_path).splitlines()
    assert (kind, word) == ("plain", "verdict")
    assert what.startswith("Judge a run")
