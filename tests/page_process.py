"""Runs the blocks of a page, which come as JSON on stdin, in this process and the current folder.

Python blocks share their names, as in one session; shell blocks are bash's. The first block that
does otherwise than its page says ends the process with a message.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS / "emulators")]

import page_inputs  # noqa: E402
from page_blocks import Block, lacking  # noqa: E402

from regcore.frameworks import import_torchvision  # noqa: E402


def main() -> None:
    page = json.load(sys.stdin)
    code = "".join(block["code"] for block in page["blocks"] if block["language"] == "python")
    if {"loop", "regnety", "run", "twin"} & set(page["given"]) or re.search("torch|timm", code):
        # Wheels of torch and torchvision that do not go together fail to import without this.
        import_torchvision()
    names: dict[str, Any] = {"__name__": "__main__"}
    for name in page["given"]:
        names.update(getattr(page_inputs, name)(Path(page["cache"])) or {})
    for block in (Block(**block) for block in page["blocks"]):
        if block.not_run:
            continue
        before = os.times()
        status, output = (_shell if block.language == "sh" else _python)(block, names)
        spent = sum(os.times()[:4]) - sum(before[:4])
        sys.stdout.write(f"{page['path']}:{block.line}: {spent:.1f} s\n")
        wrong = f"exit code {status}" if status != block.exit_code else ""
        if not wrong and (line := lacking(tuple(block.printed), output)):
            wrong = f"does not print {line!r}"
        if wrong:
            sys.exit(f"{page['path']}:{block.line}: {wrong}\n{block.code}\n{output}")


def _python(block: Block, names: dict[str, Any]) -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(output):
        try:
            exec(compile(block.code, "block", "exec"), names)  # noqa: S102
        except Exception:  # noqa: BLE001
            traceback.print_exc()
            return 1, output.getvalue()
    return 0, output.getvalue()


def _shell(block: Block, _: dict[str, Any]) -> tuple[int, str]:
    environment = {**os.environ, **page_inputs.emulated(block.emulated)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.code],  # noqa: S607
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        env=environment,
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
