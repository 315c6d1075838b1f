"""From JPEG to TopN on the GPU: beside the device's own rate, and beside the CPU's decisions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gpu.check import Check, run

from regcore.host import default_workers

TARGET = 0.95  # of the device's own rate, or of the host's where that is the slower one
MODELS = ("torch", "torch-half")
BATCHES = "32,64,128"


def step(check: Check) -> None:
    with tempfile.TemporaryDirectory() as folder:
        decisions(check, Path(folder))
        for prefix in MODELS:
            rates(check, prefix, Path(folder) / "rates.json")


def decisions(check: Check, folder: Path) -> None:
    results = {}
    for provider in ("cuda", "cpu"):
        words = ["run", check.model, check.folder / "photos"]
        words += ["--labels", check.folder / "labels.txt", "--provider", provider]
        words += ["--batch-size", 32, "--out", folder / provider]
        line = [sys.executable, "-m", "regcore", *map(str, words)]
        ran = subprocess.run(line, capture_output=True, text=True, check=False)
        result = folder / provider / "result.json"
        check.ok(ran.returncode == 0, f"regcore run --provider {provider}: {ran.stderr[-200:]!r}")
        results[provider] = result.read_bytes() if result.is_file() else b""
    equal = results["cuda"] == results["cpu"] != b""
    check.ok(equal, "result.json of GPU and CPU is the same bytes")


def rates(check: Check, prefix: str, document: Path) -> None:
    model = check.model.replace("torch:", f"{prefix}:", 1)
    words = ["--images", check.folder / "photos", "--model", model, "--provider", "cuda"]
    words += ["--batches", BATCHES, "--rounds", 3, "--count", 12800, "--scaling", default_workers()]
    bench = Path(__file__).parents[1] / "gpu_rates.py"
    line = [sys.executable, str(bench), *map(str, words), "--json", str(document)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for row in json.loads(document.read_text())["rates"]:
        host, device, both = (
            row[name]["images_per_s"]["median"]
            for name in ("host_alone", "device_alone", "end_to_end")
        )
        reached = row["of_the_slower"]["median"]
        check.ok(
            reached >= TARGET,
            f"{prefix}, batch {row['batch']}: {both:,.0f} images/s from JPEG to TopN, host alone "
            f"{host:,.0f}, device alone {device:,.0f}: {reached:.1%} of the slower",
            rates=row,
        )


if __name__ == "__main__":
    os.environ.setdefault("TERM", "dumb")
    run("from JPEG to TopN", step)
