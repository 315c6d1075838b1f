"""The floor, libjpeg-turbo's plain decode, and regcore's stages: the C++ program stages.cc."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
SIMD_LEVELS = ("portable", "neon", "neondotprod", "avx2", "avx512", "avx512vnni", "avx512vbmi")

FULL_DECODE = "libjpeg-turbo full decode"
DECODE = "region decode, rest looked through"
WHOLE = "whole, float32 nchw"
FINISH = "resample + normalise, float32 nchw"


class FloorError(Exception):
    """The program does not build or run."""


def build(folder: Path) -> Path:
    """Compile stages.cc; needs CMake, a compiler and libjpeg-turbo's headers."""
    configure = ["cmake", "-S", str(REPOSITORY), "-B", str(folder)]
    options = ["-DREGCORE_PYTHON=OFF", "-DREGCORE_STAGES=ON", "-DCMAKE_BUILD_TYPE=Release"]
    _run([*configure, *options])
    _run(["cmake", "--build", str(folder), "--target", "stages", "--parallel"])
    return folder / "stages"


class Stages:
    """One or more of the programs at a time, one thread each."""

    def __init__(self, program: Path, photos: Sequence[str]) -> None:
        self._program = program
        self._photos = list(photos)
        self.libjpeg_turbo = ""

    def milliseconds(self, *, workers: int = 1, level: str | None = None) -> dict[str, float]:
        """Per image and stage, of one round. level: the instruction set that is forced."""
        environment = {**os.environ, **({} if level is None else {"REGCORE_SIMD": level})}
        processes = [
            subprocess.Popen(
                [str(self._program), "1", *self._photos[k::workers]],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for k in range(workers)
        ]
        outputs = [process.communicate() for process in processes]
        slowest: dict[str, float] = {}
        for process, (output, errors) in zip(processes, outputs, strict=True):
            if process.returncode != 0:
                raise FloorError(f"stages: {errors.strip()}")
            result: dict[str, Any] = json.loads(output)
            self.libjpeg_turbo = result["libjpeg_turbo"]
            share = result["images"] / len(self._photos)
            for stage, (value,) in result["ms_per_image"].items():
                slowest[stage] = max(slowest.get(stage, 0.0), value * share)
        return slowest


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise FloorError(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise FloorError((error.stderr or error.stdout).strip()[-500:]) from None
