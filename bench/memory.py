"""Peak memory of regcore: what streaming adds to a process that is ready to begin.

memory.py WORKERS COUNT, the JSON list of photos on standard input → JSON, in MiB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

STATUS = Path("/proc/self/status")


def growth(photos: list[str], workers: int, count: int) -> float:
    """MiB added by `count` images, in a process of its own, the batch buffers not counted."""
    run = subprocess.run(
        [sys.executable, __file__, str(workers), str(count)],
        input=json.dumps(photos),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(run.stdout))


def measure(photos: list[str], workers: int) -> dict[str, object]:
    """Growth for the photos once and several times over, with one worker and with all."""
    if not STATUS.exists():
        return {"growth": []}
    least = max(200, len(photos))
    table = [
        {"workers": count, "images": images, "mib": growth(photos, count, images)}
        for count in sorted({1, workers})
        for images in (least, 5 * least, 10 * least)
    ]
    return {"growth": table}


def main() -> None:
    import numpy as np

    from regcore import Preprocessor, Recipe

    workers, count = int(sys.argv[1]), int(sys.argv[2])
    photos = list(islice(cycle(json.load(sys.stdin)), count))
    preprocessor = Preprocessor(Recipe(), workers=workers)
    buffers = [np.ones((8, 3, 224, 224), np.float32) for _ in range(2 + workers)]
    before = _kibibytes("VmRSS")
    for _ in preprocessor.stream(photos, 8, buffers=buffers):
        pass
    json.dump((_kibibytes("VmHWM") - before) / 1024, sys.stdout)


def _kibibytes(field: str) -> int:
    # Not getrusage: the peak it reports begins with that of the process that started this one.
    for line in STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise LookupError(field)


if __name__ == "__main__":
    main()
