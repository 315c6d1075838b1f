"""The lines of all steps as one JSON file, and what failed; exits with 1 where something did."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import torch
from machine import describe, find_photos, machine

from regcore.host import core_versions


def main() -> int:
    out = Path(os.environ["OUT"])
    lines = [json.loads(line) for line in (out / "steps.jsonl").read_text().splitlines()]
    document = {
        "machine": machine(),
        "device": torch.cuda.get_device_name(0),
        "versions": {
            **core_versions(),
            **{name: version(name) for name in ("numpy", "timm", "torch", "cuda-bindings")},
            "cuda": torch.version.cuda,
            "python": platform.python_version(),
        },
        "photos": describe(find_photos(str(Path(os.environ["REGCORE_GPU"]) / "photos"))),
        "lines": lines,
    }
    (out / "gpu-check.json").write_text(json.dumps(document, indent=1) + "\n")
    failed = [line for line in lines if line["kind"] == "FAIL"]
    held = sum(line["kind"] == "OK" for line in lines)
    print(f"== {held} OK, {len(failed)} FAIL")
    for line in failed:
        print(f"FAIL {line['step']}: {line['text']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
