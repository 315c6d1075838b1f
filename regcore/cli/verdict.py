"""regcore verdict: whether a port is as accurate as it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, NOT_MET, log, print_document, print_json, print_text


def _tags(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """For shells."""
    from regcore.formats.timm_results import built_in_tags

    return [tag for tag in built_in_tags() if tag.startswith(incomplete)]


@click.command()
@click.argument("result", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--baseline",
    metavar="TAG",
    shell_complete=_tags,
    help="A model of timm, whose published Top1 counts: regnety_016.pycls_in1k.",
)
@click.option(
    "--table",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where to look for TAG: a CSV file in the form of timm's results.  [default: one of 1,001 "
    "tags, which is built in]",
)
@click.option(
    "--baseline-top1",
    metavar="PERCENT",
    help="The accuracy to be reached, in place of a published one: 77.862, or 77.862%.",
)
@click.option(
    "--assume-tag",
    is_flag=True,
    help="RESULT's model does not say which weights it has: vouch for those of --baseline.",
)
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="Another run on the same images, the one that counts as right.",
)
@click.option(
    "--max-drop",
    required=True,
    metavar="1.0pt|1.0%",
    help="The drop that is allowed: percentage points (1.0, too), or a part of the baseline.",
)
@click.option(
    "--scores",
    nargs=2,
    type=click.Path(exists=True, path_type=Path),
    metavar="NOW BEFORE",
    help="Also compare all scores of two runs, as 'regcore infer' and other tools write them.",
)
@click.option("--force", is_flag=True, help="Replace a verdict.json that is none of regcore's.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "junit"]),
    default="table",
    show_default=True,
    help="How the verdict is printed: Markdown for $GITHUB_STEP_SUMMARY, JUnit's XML for CI.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def verdict(*, form: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Judge the accuracy of RESULT, a folder that 'regcore run' has written.

    Or a result.json of the guide's script, for --baseline-top1. PASS (exit code 0): even the lower
    end of the accuracy's 95 % interval is within the allowed drop. FAIL (1): even the upper end is
    not. UNDECIDED (3): there are too few images to tell, or the run is incomplete. With --against
    the images are compared one by one. The verdict goes to verdict.json in the folder, too.

    \b
    Examples:
      regcore verdict result --baseline regnety_016.pycls_in1k --max-drop 1.0pt
      regcore verdict om_result --against onnx_result --max-drop 0.1pt
      regcore verdict result --baseline-top1 77.862 --max-drop 1pt --format junit > junit.xml
    """  # noqa: D301
    from regcore.api.verdict import judge_run
    from regcore.evaluation.verdict import Outcome
    from regcore.reports.verdict_junit import to_junit
    from regcore.reports.verdict_rendering import headline, to_markdown, to_table

    judged = judge_run(**options, log=log)
    found = judged.to_dict()
    if as_json:
        print_json(found)
    elif form == "table":
        print_text(headline(found), to_table(found))
    else:
        print_document(to_markdown(found) if form == "markdown" else to_junit(found))
    if not judged.complete:
        log("incomplete: an accuracy over a part of the images decides nothing")
    if judged.outcome is Outcome.FAIL:
        raise click.exceptions.Exit(NOT_MET)
    if judged.outcome is Outcome.UNDECIDED:
        raise click.exceptions.Exit(INCOMPLETE)
