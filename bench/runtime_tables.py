"""The tables of runtimes.py, fit for Markdown."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


def show(document: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False, width=140)
    used = document["machine"]
    before, after = (used[name][0] for name in ("load_average", "load_average_after"))
    console.print(f"{used['cpu']}, {used['cores']} cores, {' '.join(used['flags'])}")
    console.print(", ".join(f"{name} {number}" for name, number in document["versions"].items()))
    console.print(
        f"{document['model']}, batches of {document['batch']}, {document['images']} images, "
        f"{document['rounds']} rounds, load average {before:.2f} before and {after:.2f} after"
    )
    table = Table("", "from", "images/s", "range", box=box.MARKDOWN)
    for row in document["rows"]:
        rate = row["images_per_s"]
        span = f"{rate['min']:.1f} to {rate['max']:.1f}"
        table.add_row(row["label"], row["source"], f"{rate['median']:.1f}", span)
    console.print(table)
    table = Table("", "as fast as", "times", "range", box=box.MARKDOWN)
    for row in document["ratios"]:
        span = f"{row['min']:.3f} to {row['max']:.3f}"
        table.add_row(row["faster"], row["than"], f"{row['median']:.3f}", span)
    console.print(table)
    table = Table("", "host, ms of processor", "bound, images/s", "of", "", box=box.MARKDOWN)
    for name in ("reached", "range"):
        table.add_column(name)
    for row in document["bounds"]:
        reached = row["reached"]
        table.add_row(
            row["run"],
            f"{row['host_processor_ms']['median']:.2f}",
            f"{row['bound_images_per_s']['median']:.1f}",
            f"{row['bound_of_device']['median']:.3f}",
            row["device"],
            f"{reached['median']:.3f}",
            f"{reached['min']:.3f} to {reached['max']:.3f}",
        )
    console.print(table)
    table = Table("against ONNX Runtime", "largest difference", "other best class")
    table.box = box.MARKDOWN
    for label, row in document["differences"].items():
        largest = f"{row['largest']:.2g} (largest score {row['largest_score']:.3g})"
        table.add_row(label, largest, f"{row['other_best_class']} of {row['images']}")
    console.print(table)
