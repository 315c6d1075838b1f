"""What int8 gives and costs: a float32 model beside its int8 one, on ONNX Runtime and OpenVINO.

python bench/quantize.py model.onnx --images DIR --labels FILE --json run.json

Some of the photos calibrate, by each method, and the others are evaluated: Top1 with Wilson's
interval, and against float32 on the same runtime what flipped, the drop with its interval, and
McNemar's p, all as `regcore verdict` has them. The rates are of the model alone, the same batch
again and again; all take turns within every round, and ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import machine
from numpy.typing import NDArray
from rich import box
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

from regcore import calibrate_model, evaluate_model, judge_run, open_calibration, quantize_model
from regcore.backends.protocol import Backend
from regcore.backends.registry import open_backend
from regcore.evaluation.intervals import wilson

RUNTIMES = {"ONNX Runtime": "", "OpenVINO": "openvino:"}
FLOAT = "float32"
_SECONDS = 0.4  # of one timing


def rate(label: str, runtime: str, backend: Backend, batch: NDArray[Any]) -> Round:
    """Milliseconds an image of the model alone."""
    backend.run(batch)
    runs, start = 0, perf_counter()
    while (seconds := perf_counter() - start) < _SECONDS:
        backend.run(batch)
        runs += 1
    return {Key(label, runtime, 1): 1000 * seconds / (runs * len(batch))}


def rates(models: dict[str, Path], batch: NDArray[Any], rounds: int) -> list[Round]:
    with ExitStack() as opened:
        tasks = [
            partial(
                rate, label, runtime, opened.enter_context(open_backend(f"{prefix}{path}")), batch
            )
            for label, path in models.items()
            for runtime, prefix in RUNTIMES.items()
        ]
        return interleave(tasks, rounds, lambda text: print(text, file=sys.stderr))


def accuracy(
    label: str, runtime: str, path: Path, arguments: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Top1 of the images that did not calibrate, and against the float32 model's run."""
    out = folder / runtime / label
    run = evaluate_model(
        f"{RUNTIMES[runtime]}{path}",
        arguments.images,
        arguments.labels,
        out=out,
        list_file=folder / "calibration" / "others.txt",
        batch_size=arguments.batch,
        log=lambda text: print(text, file=sys.stderr),
    ).record()
    if run.get("calibration_images"):
        raise SystemExit("images of the calibration were evaluated")
    hits, images = run["hits"][0], run["images"]
    found: dict[str, Any] = {"images": images, "top1": 100 * hits / images}
    found["interval"] = [100 * bound for bound in wilson(hits, images)]
    if label != FLOAT:
        judged = judge_run(out, max_drop=arguments.max_drop, against=folder / runtime / FLOAT)
        against = judged.to_dict()["against"]
        found["against"] = {
            "outcome": against["outcome"],
            "change": against["change"],
            "interval": against["interval"],
            "p": against["p"],
            **{name: len(against[name]) for name in ("lost", "won", "other")},
        }
    return found


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    calibration = folder / "calibration"
    calibrate_model(
        arguments.model,
        arguments.images,
        calibration,
        count=arguments.count,
        labels=arguments.labels,
    )
    models, made = {FLOAT: arguments.model}, {}
    for method in arguments.method:
        label = f"int8, {method}"
        start = perf_counter()
        quantised = quantize_model(
            arguments.model, calibration, folder / f"{method}.onnx", method=method
        )
        made[label] = {
            "seconds": perf_counter() - start,
            "bytes": quantised.form.bytes,
            "nodes": [quantised.form.quantised_nodes, quantised.form.float_nodes],
        }
        models[label] = quantised.path
        tools = quantised.to_dict()["quantization"]["tools"]
    batch = np.asarray(open_calibration(calibration)[: arguments.batch])
    done = rates(models, batch, arguments.rounds)
    rows = [
        {
            "model": label,
            "runtime": runtime,
            "ms_per_image": spread(times(done, Key(label, runtime, 1))),
            "faster": spread(ratios(done, Key(FLOAT, runtime, 1), Key(label, runtime, 1))),
            **made.get(label, {"bytes": path.stat().st_size}),
            **accuracy(label, runtime, path, arguments, folder),
        }
        for runtime in RUNTIMES
        for label, path in models.items()
    ]
    return {
        "machine": machine(),
        "tools": tools,
        "model": arguments.model.name,
        "calibration_images": arguments.count,
        "batch": arguments.batch,
        "max_drop": arguments.max_drop,
        "rows": rows,
    }


def table(document: dict[str, Any]) -> Table:
    found = Table(box=box.SIMPLE_HEAD)
    found.add_column("runtime")
    found.add_column("model")
    for head in ("MB", "images/s", "of float32", "Top1 %", "interval", "lost", "won", "drop pt"):
        found.add_column(head, justify="right")
    found.add_column("p", justify="right")
    for row in document["rows"]:
        against = row.get("against")
        low, high = row["interval"]
        judged = ["", "", "", ""]
        if against:
            least, most = against["interval"]
            drop = f"{0 - against['change']:.2f} ({-most:.2f} to {-least:.2f})"
            judged = [str(against["lost"]), str(against["won"]), drop, f"{against['p']:.2g}"]
        found.add_row(
            row["runtime"],
            row["model"],
            f"{row['bytes'] / 1e6:.1f}",
            f"{1000 / row['ms_per_image']['median']:.1f}",
            f"{row['faster']['median']:.2f}",
            f"{row['top1']:.2f}",
            f"{low:.1f} to {high:.1f}",
            *judged,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--images", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--count", type=int, default=64, help="of calibration images")
    parser.add_argument("--method", nargs="+", default=["minmax", "entropy", "percentile"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--max-drop", default="1pt")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        document = measure(arguments, Path(folder))
    found = document["machine"]
    console = wide_console(150)
    console.print(
        f"{found['cpu']}, {found['cores']} cores, {', '.join(found['flags'])}, load average "
        f"{found['load_average'][0]:.2f}; {document['model']}, batches of {document['batch']}"
    )
    console.print(table(document))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
