"""The breakdown per stage and the ratios that matter, from the rounds."""

from __future__ import annotations

from typing import Any

from floor import DECODE, FINISH, FULL_DECODE, SIMD_LEVELS, WHOLE
from peers import DALI, FLOOR, REFERENCE, REGCORE, RESIZE, SIMD
from rounds import Key, Round, ratios, spread, times

OURS = Key(REGCORE, "memory", 1)
LOWEST = Key(FLOOR, "memory", 1)


def stage(name: str, level: str = "") -> Key:
    return Key(name, f"stages {level}".strip(), 1)


def breakdown(rounds: list[Round]) -> list[dict[str, Any]]:
    """Per image on one worker; a step that cannot be timed alone is a difference."""
    from_files = Key(REGCORE, "files", 1)
    resample = stage("resample, uint8 nhwc")
    parts = (
        ("read the file", (from_files,), (OURS,)),
        ("decode the region, look through the rest", (stage(DECODE),), ()),
        ("resample", (resample,), ()),
        ("normalise", (stage(FINISH),), (resample,)),
        ("the rest of the C++ pipeline", (stage(WHOLE),), (stage(DECODE), stage(FINISH))),
        ("stream into Python", (OURS,), (stage(WHOLE),)),
        ("write float32 .bin", (Key("regcore to .bin files", "files", 1),), (from_files,)),
    )
    table = []
    for name, plus, minus in parts:
        if all(key in rounds[0] for key in plus + minus):
            values = [sum(r[k] for k in plus) - sum(r[k] for k in minus) for r in rounds]
            how = "difference" if minus else "timed alone"
            table.append({"step": name, "how": how, "ms_per_image": spread(values)})
    return table


def key_ratios(rounds: list[Round], level: str) -> list[dict[str, Any]]:
    """One worker, in memory: within each round, and of the fastest times of all rounds.

    level: the instruction set in use.
    """
    finish_goal = {"avx512vbmi": ">= 25", "avx2": ">= 12"}
    pairs = [
        ("whole pipeline in C++ / full decode", stage(WHOLE), stage(FULL_DECODE), "<= 1.00"),
        ("regcore from Python / full decode", OURS, LOWEST, ""),
        ("Pillow + NumPy / regcore", Key(REFERENCE, "memory", 1), OURS, ">= 4.5"),
        ("DALI CPU / regcore", Key(DALI, "memory", 1), OURS, ">= 3.5"),
        ("Pillow-SIMD + NumPy / regcore", Key(SIMD, "memory", 1), OURS, ">= 1.8"),
    ]
    for forced in ("", *SIMD_LEVELS):
        used = forced or level
        pairs.append(
            (
                f"Pillow's resize / resample + normalise, {used}{' forced' if forced else ''}",
                Key(RESIZE, "memory", 1),
                stage(FINISH, forced),
                finish_goal.get(used, ""),
            )
        )
    return [
        {
            "ratio": name,
            "goal": goal,
            "of_the_fastest": min(times(rounds, above)) / min(times(rounds, below)),
            **spread(ratios(rounds, above, below)),
        }
        for name, above, below, goal in pairs
        if above in rounds[0] and below in rounds[0]
    ]
