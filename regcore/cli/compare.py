"""regcore compare: rates and accuracies of several devices, and the check of a guide's table."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regcore.cli.console import INCOMPLETE, MISMATCH, answer, show, tell, tell_all
from regcore.errors import UsageError
from regcore.files.atomic import remove_abandoned, write_text
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from regcore.formats.rate import Metric
    from regcore.reports.comparison.table import Comparison, Ratio
    from regcore.reports.guide_lint.lint import Lint

_DEFAULT_DECIMALS = 8
_MOST_NOTES = 40


@click.command()
@click.argument("results", metavar="[NAME=]RESULT...", nargs=-1)
@click.option(
    "--chips",
    "chips",
    metavar="NAME=N",
    multiple=True,
    help="A card of so many devices, by which the rate of one is multiplied: 310=4.",
)
@click.option(
    "--ratio",
    "ratios",
    metavar="A/B[:DECIMALS]",
    multiple=True,
    help=f"A column with A divided by B, to {_DEFAULT_DECIMALS} decimals.",
)
@click.option(
    "--metric",
    type=click.Choice(["interface", "end-to-end", "read", "preprocess", "infer", "post"]),
    default="interface",
    show_default=True,
    help="The rate of one device inside the model's execution only, from files to results, or of a "
    "stage of the benchmark tool, whose [post] counts batches.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "csv"]),
    default="table",
    show_default=True,
    help="How the table is printed.",
)
@click.option(
    "--lint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="GUIDE.md",
    help="Check the table of rates in a guide against the logs in its text.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RUN_DIR",
    help="Folder for comparison.json, which 'regcore report' shows.",
)
@click.option("--force", is_flag=True, help="Replace a comparison.json that is none of regcore's.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def compare(
    *,
    results: tuple[str, ...],
    chips: tuple[str, ...],
    ratios: tuple[str, ...],
    metric: Metric,
    form: str,
    lint: Path | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Put measured rates and accuracies side by side: batch sizes down, devices across.

    RESULT is a file of one of these, or a folder with them: regcore's perf.json, the benchmark
    tool's perf_vision_batchsize_N_device_M.txt and PureInfer files, an ais_bench summary, a trtexec
    log; and for accuracies a result.json of 'regcore run', 'regcore score' or the guide's script.
    FILE.csv:MODEL is a row of timm's results, timm:MODEL one of those that are built in.

    NAME is the column; the same NAME may be given several times. Devices that shared a run have a
    file each, which are added up. Where each cell is from, and what was done to it, goes to stderr,
    and into the JSON. Accuracies are in % of the images, with the 95 % interval that so many of
    them give. One that is not complete is only bounded, and the exit code is 3.

    With --lint a guide's own table is recomputed from its own logs; the exit code is 5 where a
    figure is another. With --format markdown it is printed as it should be.

    \b
    Examples:
      regcore compare 310=r310 310P=r310p T4=trtexec_logs --chips 310=4 --ratio 310P/310
      regcore compare om=result timm:regnety_016.pycls_in1k --format markdown
      regcore compare --lint README.md
    """  # noqa: D301
    if lint is not None:
        if results or chips or ratios or out is not None:
            raise UsageError("--lint takes a guide, and no results or their options beside it")
        _lint(lint, form, as_json=as_json)
        return
    if not results:
        raise UsageError("name at least one result, or --lint GUIDE.md")
    if out is not None:
        _check_out(out, results, force=force)
    comparison = _compare(results, chips, [_ratio(text) for text in ratios], metric)
    _deliver(comparison, form, out, as_json=as_json)
    if comparison.incomplete:
        raise click.exceptions.Exit(INCOMPLETE)


def _check_out(out: Path, results: tuple[str, ...], *, force: bool) -> None:
    from regcore.files.output_guard import Output, check_outputs, json_of
    from regcore.reports.comparison.rendering import COMPARISON

    named = [name for result in results for name in (result, result.partition("=")[2])]
    read = [Path(name).absolute() for name in named if name]
    check_outputs([Output(out / COMPARISON, json_of("comparison"))], read, force=force)


def _deliver(comparison: Comparison, form: str, out: Path | None, *, as_json: bool) -> None:
    from regcore.evaluation.run_identity import identity_in
    from regcore.reports.comparison import rendering

    found = rendering.to_dict(comparison)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        remove_abandoned(out)
        identity = identity_in(out)
        if identity is not None:
            found["run"] = identity
        write_text(out / rendering.COMPARISON, json.dumps(found, indent=2) + "\n")
    if as_json:
        answer(found)
    elif form == "table":
        show(rendering.to_table(comparison))
    else:
        click.echo(_written(rendering.rows_of_texts(comparison), form))
    if not as_json:
        tell_all(rendering.sources(comparison))
    tell_all((*comparison.incomplete, *comparison.doubts))


def _compare(
    results: tuple[str, ...], chips: tuple[str, ...], ratios: list[Ratio], metric: Metric
) -> Comparison:
    from regcore.files.number_input import parse_count
    from regcore.reports.comparison.sources import Source
    from regcore.reports.comparison.table import compare, read_column

    sources: dict[str, list[Source]] = {}
    for result in results:
        name, separator, text = result.partition("=")
        if not separator or Path(result).exists():
            name, text = "", result
        source = Source.parse(text)
        sources.setdefault(printable(name or source.name), []).append(source)
    counts = {}
    for text in chips:
        name, _, count = text.partition("=")
        try:
            counts[name] = parse_count(count, least=1)
        except ValueError:
            name = ""
        if name not in sources:
            raise UsageError(f"--chips {text}: expected NAME=N, with the NAME of a column")
    columns = [
        read_column(name, files, metric, counts.get(name, 1)) for name, files in sources.items()
    ]
    return compare(metric, columns, ratios)


def _ratio(text: str) -> Ratio:
    from regcore.reports.comparison.table import Ratio

    found = re.fullmatch(r"([^/]+)/([^/:]+)(?::([0-9]{1,2}))?", text)
    if found is None:
        raise UsageError(f"--ratio {text}: expected A/B or A/B:DECIMALS")
    return Ratio(found[1], found[2], int(found[3] or _DEFAULT_DECIMALS))


def _lint(guide: Path, form: str, *, as_json: bool) -> None:
    from dataclasses import asdict

    from regcore.reports.guide_lint.lint import lint
    from regcore.schemas import json_form

    result = lint(guide)
    if as_json:
        found = {"guide": os.fsdecode(guide), **asdict(result)}
        answer({"format": json_form("lint"), **found})
    elif form != "table":
        if result.corrected:
            click.echo(_written(result.corrected, form))
    elif result.mismatches:
        show(_lint_table(result))
    notes = (f"{guide}:{note.line}: {note.text}" for note in result.notes)
    tell_all(notes, _MOST_NOTES)
    if not result.checked:
        tell(f"{guide}: nothing in it could be compared with anything else in it")
        raise click.exceptions.Exit(INCOMPLETE)
    tell(f"{guide}: {len(result.mismatches)} of {result.checked} figures are not what they say")
    if result.mismatches:
        if form == "table" and not as_json and result.corrected:
            tell("--format markdown prints the table as it should be")
        raise click.exceptions.Exit(MISMATCH)


def _lint_table(result: Lint) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for column in ("figure", "written", "in line", "its source gives", "from"):
        table.add_column(column, overflow="fold")
    for mismatch in result.mismatches:
        texts = (mismatch.what, mismatch.written, str(mismatch.line), mismatch.found)
        table.add_row(*(escape(printable(text)) for text in (*texts, mismatch.source)))
    return table


def _written(texts: Sequence[Sequence[str]], form: str) -> str:
    from regcore.reports.comparison.rendering import to_csv, to_markdown

    shown = [[printable(text) for text in line] for line in texts]
    return to_markdown(shown) if form == "markdown" else to_csv(shown)
