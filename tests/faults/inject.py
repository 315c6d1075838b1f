r"""Runs one command again and again, with a fault at each call that changes its outputs.

    LD_PRELOAD=SHIM PYTHONPATH=tests python -m faults.inject COMMAND FAULT SHIM INPUTS \
        FOLDER [--stride N] [--call N]

COMMAND is a name of commands.py, FAULT is kill, full or io, INPUTS made by
commands.lay_out (and made if it is absent), FOLDER an empty folder; every call is tried, every
N-th, or one alone. Each try is a child of this process, in which the modules are
already loaded. What is wrong is told on stdout, a line each, and at the end "done" with numbers.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faults.commands import COMMANDS, Command, lay_out, load_modules
from faults.outputs import Outputs
from regcore.cli import cli

#: As in shim.cc.
MODES = {"kill": 1, "full": 2, "io": 3}
_ENVIRONMENT = 4


@dataclass(frozen=True)
class Ended:
    """How a child did: its exit code, or minus the signal; what it told; the calls it made."""

    code: int
    told: str
    calls: int


class Tries:
    """One command in a folder of its own."""

    def __init__(self, command: Command, inputs: Path, folder: Path, shim: ctypes.CDLL) -> None:
        self.noticed = 0
        self._command = command
        self._shim = shim
        self._inputs = inputs
        self._work = folder / "work"
        self._log = folder / "log"
        # Twice, to see what is never the same; the third is the one that is compared with.
        self._fresh()
        self.calls = self._sound().calls
        first = Outputs.of(self._work)
        self._fresh()
        self._sound()
        self._expected = Outputs.of(self._work).but_for_what_differs_from(first)

    def faults(self, mode: str, calls: range) -> Iterator[str]:
        """What is wrong after a fault at each of these calls."""
        for call in calls:
            self._fresh()
            if mode == "full":
                self._sound()  # there is something to lose
            ended = self._run(call, MODES[mode])
            for fault in self._faults_of_one(mode, ended):
                yield f"{mode} at call {call} of {self.calls}: {fault}"

    def _faults_of_one(self, mode: str, ended: Ended) -> Iterator[str]:
        self.noticed += ended.code not in self._command.codes
        if mode == "kill":
            if ended.code != -signal.SIGKILL:
                yield f"was not killed, but ended with {ended.code}: {ended.told}"
        else:
            yield from self._faults_of_refusal(ended)
        if mode == "full":
            for name in self._expected.damaged(Outputs.of(self._work)):
                yield f"damaged what was there: {name}"
        again = self._run(0, 0)
        if again.code not in self._command.codes:
            yield f"the next run ends with {again.code}: {again.told}"
            return
        for difference in self._expected.differences(Outputs.of(self._work)):
            if difference not in self._command.may_differ:
                yield f"after the next run: {difference}"

    def _faults_of_refusal(self, ended: Ended) -> Iterator[str]:
        litter = [p.name for p in self._work.rglob("*") if p.name.endswith(".tmp")]
        if litter:
            yield f"leaves {litter}"
        if ended.code in self._command.codes:
            return  # it did without; the comparison that follows shows whether that is true
        last = ended.told.strip().splitlines()[-1:] or [""]
        if ended.code != _ENVIRONMENT or "internal error" in ended.told:
            yield f"ended with {ended.code}: {ended.told[-300:]}"
        elif str(self._work) not in last[0] or "Traceback" in ended.told:
            yield f"does not say which file: {ended.told[-300:]}"

    def _fresh(self) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._inputs / self._command.start, self._work)

    def _sound(self) -> Ended:
        ended = self._run(0, 0)
        if ended.code not in self._command.codes:
            raise SystemExit(f"without a fault it ends with {ended.code}: {ended.told}")
        return ended

    def _run(self, call: int, mode: int) -> Ended:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            self._become_command(call, mode, writes)
        os.close(writes)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reads) as calls:
            made = calls.read()
        code = os.waitstatus_to_exitcode(status)
        told = self._log.read_text(errors="replace")
        return Ended(code, told, int(made) if made else 0)

    def _become_command(self, call: int, mode: int, writes: int) -> None:
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = 70
        try:
            places = {"inputs": self._inputs, "work": self._work}
            arguments = [word.format(**places) for word in self._command.arguments]
            self._shim.regcore_faults_arm(str(self._work).encode(), call, mode)
            cli.main(arguments, prog_name="regcore")
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os.write(writes, str(self._shim.regcore_faults_calls()).encode())
        os._exit(code)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("fault", choices=MODES)
    parser.add_argument("shim")
    parser.add_argument("inputs", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--call", type=int)
    options = parser.parse_args()
    load_modules()
    shim = ctypes.CDLL(options.shim)
    shim.regcore_faults_arm.argtypes = (ctypes.c_char_p, ctypes.c_long, ctypes.c_int)
    shim.regcore_faults_calls.restype = ctypes.c_long
    inputs, folder = options.inputs.resolve(), options.folder.resolve()
    lay_out(inputs)
    tries = Tries(COMMANDS[options.command], inputs, folder, shim)
    calls = range(1, tries.calls + 1, options.stride)
    if options.call is not None:
        calls = range(options.call, options.call + 1)
    for found in tries.faults(options.fault, calls):
        print(found.replace("\n", " | "), flush=True)  # noqa: T201
    print(f"done: {len(calls)} faults, {tries.noticed} of them noticed")  # noqa: T201


if __name__ == "__main__":
    main()
