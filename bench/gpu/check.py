"""Lines that say what held: OK, FAIL, or NOTE for a figure; $OUT/steps.jsonl has them, too."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from time import perf_counter


class Check:
    """The lines of one step.

    folder: what `gpu_check.sh prepare` made: photos, labels.txt and weights.pth.
    """

    def __init__(self, step: str) -> None:
        self.folder = Path(os.environ["REGCORE_GPU"])
        self._out = Path(os.environ["OUT"]) / "steps.jsonl"
        self._step = step

    @property
    def photos(self) -> list[str]:
        """Their paths."""
        return sorted(map(str, (self.folder / "photos").iterdir()))

    @property
    def model(self) -> str:
        """The real model on torch, for `open_backend`."""
        return f"torch:tf_efficientnet_lite0:{self.folder / 'weights.pth'}"

    def ok(self, held: object, text: str, **figures: object) -> None:
        """Something that must hold."""
        self._say("OK" if held else "FAIL", text, figures)

    def note(self, text: str, **figures: object) -> None:
        """Something measured."""
        self._say("NOTE", text, figures)

    def _say(self, kind: str, text: str, figures: dict[str, object]) -> None:
        print(f"{kind:4} {text}", flush=True)
        line = {"step": self._step, "kind": kind, "text": text, **figures}
        with self._out.open("a") as out:
            out.write(json.dumps(line) + "\n")


def run(name: str, step: Callable[[Check], None]) -> None:
    """Runs a step; one that ends early has failed, with what was raised."""
    print(f"== {name}", flush=True)
    check = Check(name)
    start = perf_counter()
    try:
        step(check)
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        check.ok(held=False, text=f"ended early at {where}: {type(error).__name__}: {error}")
    check.note(f"{perf_counter() - start:.1f} s")
    sys.stdout.flush()
