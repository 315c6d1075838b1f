"""The tables that a run prints, fit for Markdown where the terminal is wide enough."""

from __future__ import annotations

from typing import Any

from floor import SIMD_LEVELS
from rich import box
from rich.table import Table
from terminal import wide_console

Document = dict[str, Any]


def show(document: Document) -> None:
    console = wide_console(250)
    machine, photos = document["machine"], document["photos"]
    before, after = (machine[name][0] for name in ("load_average", "load_average_after"))
    console.print(
        f"{machine['cpu']}, {machine['cores']} cores, {' '.join(machine['flags'])}\n"
        f"{photos['count']} photos, mean {photos['mean_width']:.0f} x {photos['mean_height']:.0f} "
        f"and {photos['mean_kilobytes']:.0f} KB, {photos['progressive']} progressive\n"
        f"{document['rounds']} rounds, load average {before:.2f} before and {after:.2f} after"
    )
    for name, versions in document["versions"].items():
        listed = versions
        if isinstance(versions, dict):
            listed = ", ".join(f"{package} {number}" for package, number in versions.items())
        console.print(f"  {name}: {listed}")
    for title, table in (
        ("Pipelines", _rows(document)),
        ("Ratios, 1 worker, in memory", _ratios(document["ratios"])),
        ("Step by step, 1 worker", _breakdown(document["breakdown"])),
        ("Stages in C++, ms per image", _levels(document["stages"])),
        ("Peak memory added by regcore", _memory(document["memory"])),
    ):
        if table.row_count:
            console.print(title)
            console.print(table)
    for left_out in document["not_measured"]:
        console.print("not measured: {name}: {why}; {install}".format(**left_out))


def _rows(document: Document) -> Table:
    workers = document["workers"]
    table = _table("", "ms, 1 worker", "of the floor", "images/s, 1 worker")
    if workers > 1:
        _numbers(table, f"{workers} workers")
    _numbers(table, "files, 1 worker")
    if workers > 1:
        _numbers(table, f"files, {workers} workers")
    _numbers(table, "largest difference", "values that differ", "equal bytes")
    rows = {(r["label"], r["source"], r["workers"]): r for r in document["rows"]}
    speed = sorted(
        {label for label, _, _ in rows},
        key=lambda label: min(
            r["ms_per_image"]["median"]
            for (name, _, count), r in rows.items()
            if name == label and count == 1
        ),
    )
    columns = [("memory", workers), ("files", 1), ("files", workers)]
    if workers == 1:
        columns = [("files", 1)]
    for label in speed:
        one = rows.get((label, "memory", 1))
        cells = ["", "", ""]
        if one:
            floor = one.get("times_floor")
            cells = [_spread(one), f"{floor['median']:.2f} x" if floor else "", _rate(one)]
        cells += [_rate(rows.get((label, *c))) for c in columns]
        found = [r["difference"] for key, r in rows.items() if key[0] == label]
        table.add_row(label, *cells, *_difference([f for f in found if f]))
    return table


def _difference(found: list[dict[str, Any]]) -> list[str]:
    """The worst over sources and workers."""
    if not found:
        return ["", "", ""]
    images = found[0]["images"]
    same = min(f["images_with_equal_bytes"] for f in found)
    return [
        str(max(f["largest"] for f in found)),
        f"{100 * max(f['share'] for f in found):.3g} %",
        "all" if same == images else f"{same} of {images}",
    ]


def _ratios(ratios: list[dict[str, Any]]) -> Table:
    table = _table("", "median of the rounds", "range", "of the fastest", "goal")
    for r in ratios:
        span = f"{r['min']:.3g} to {r['max']:.3g}"
        table.add_row(
            r["ratio"], f"{r['median']:.3g}", span, f"{r['of_the_fastest']:.3g}", r["goal"]
        )
    return table


def _breakdown(steps: list[dict[str, Any]]) -> Table:
    table = _table("", "ms per image", "range", "how")
    for step in steps:
        ms = step["ms_per_image"]
        span = f"{ms['min']:.3f} to {ms['max']:.3f}"
        table.add_row(step["step"], f"{ms['median']:.3f}", span, step["how"])
    return table


def _levels(stages: list[dict[str, Any]]) -> Table:
    found = {s["level"] for s in stages}
    levels = [x for x in ("default", *SIMD_LEVELS) if x in found]
    table = _table("", *levels)
    for name in dict.fromkeys(s["stage"] for s in stages):
        by_level = {s["level"]: s["ms_per_image"]["median"] for s in stages if s["stage"] == name}
        table.add_row(name, *(f"{by_level[level]:.3f}" for level in levels))
    return table


def _memory(memory: dict[str, Any]) -> Table:
    table = _table("", "images", "MiB", "MiB per worker")
    for entry in memory["growth"]:
        name = f"{entry['workers']} worker{'s' if entry['workers'] > 1 else ''}"
        each = entry["mib"] / entry["workers"]
        table.add_row(name, str(entry["images"]), f"{entry['mib']:.1f}", f"{each:.1f}")
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(first, box=box.MARKDOWN)
    _numbers(table, *numbers)
    return table


def _numbers(table: Table, *names: str) -> None:
    for name in names:
        table.add_column(name, justify="right")


def _spread(row: dict[str, Any]) -> str:
    ms = row["ms_per_image"]
    return f"{ms['median']:.2f} ({ms['min']:.2f} to {ms['max']:.2f})"


def _rate(row: dict[str, Any] | None) -> str:
    return f"{row['images_per_s']:.0f}" if row else ""
