"""regcore report: a run as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from regcore.cli.console import log


@click.command()
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.  [default: RUN_DIR/report.html]",
)
@click.option(
    "--class-names",
    metavar="FILE",
    help="How the model's classes are called, see 'regcore predict --help'.  [default: what the "
    "run tells]",
)
@click.option("--force", is_flag=True, help="Replace an HTML file that is none of regcore's.")
def report(*, run_dir: Path, out: Path | None, class_names: str | None, force: bool) -> None:
    """Make one self-contained HTML file of RUN_DIR, which 'regcore run' has written.

    The verdict, accuracy with its intervals, the rate, what held it up and when, the most confident
    mistakes with their pictures, the worst classes, damaged images, recipe and environment. What is
    in RUN_DIR besides is shown, too: verdict.json ('regcore verdict'), comparison.json ('regcore
    compare --out RUN_DIR'), trace.json ('regcore run --trace RUN_DIR/trace.json'), profile.json
    ('regcore profile --batch 1,4,8 --out RUN_DIR'), certificate.jsonl ('regcore certify'), and what
    'regcore labels', 'batchcheck', 'identify' and 'doctor' find, with their --report RUN_DIR. What
    is left out is told. Needs the package of 'regcore[report]'.

    \b
    Examples:
      regcore report result -o report.html
      regcore report result --class-names names.txt
      regcore run model.onnx val --labels val.txt --out result --trace result/trace.json
    """  # noqa: D301
    from regcore.api.report import write_report

    written = write_report(run_dir, out, class_names=class_names, force=force)
    for absent in written.absent:
        log(f"not in the report: {absent.section}: {absent.reason}")
    log(f"wrote {written.path}")
