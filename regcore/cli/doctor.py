"""regcore doctor: whose pixels the installed libraries give, and what is wrong with the devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from regcore.cli.console import log, print_document, print_json
from regcore.cli.report_option import put_into_report, report_option


def _names(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


@click.command()
@click.option(
    "--require",
    metavar="NAME,...",
    help="What has to be so, else the exit code is 4 or 5: parity, machine, cuda, gpu, npu, cann, "
    "a library or runtime (opencv, onnxruntime:cuda), opencv:equal, opencv:flavour.",
)
@click.option(
    "--only",
    default="",
    metavar="NAME,...",
    callback=_names,
    help="Examine these alone: regcore, pillow, torchvision, huggingface, opencv, simplejpeg, "
    "torchcodec, dali, tensorflow; onnxruntime, openvino, pytorch, tensorrt, ascend; machine.",
)
@click.option("--skip", default="", metavar="NAME,...", callback=_names, help="Leave these out.")
@click.option(
    "--filter",
    type=click.Choice(["bilinear", "bicubic"]),
    default="bicubic",
    show_default=True,
    help="Of the resize.",
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    help="Whose disk is measured, with 16 MiB.  [default: the current one]",
)
@report_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def doctor(*, report_in: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Compare what all installed libraries make of the same pictures, and try all devices.

    46 small pictures of all kinds go through every decoder and pipeline that is installed here and
    through regcore at each SIMD level, stage by stage, beside Pillow. What differs is told in
    percent of the values, with the largest and the mean difference, and explained where another
    pipeline has exactly its values. A tiny model is run on every device. What is not installed is
    listed as such. The answer fits a screen, to be pasted into a report.

    \b
    Exit code 4: something required is missing or fails; 5: values differ that are required to be
    equal, or regcore's own differ from Pillow's; else 0.

    \b
    Examples:
      regcore doctor
      regcore doctor --only regcore,pillow,opencv
      regcore doctor --require parity,torchvision:flavour,onnxruntime:cuda --json > doctor.json
    """  # noqa: D301
    from regcore.api.doctor import run_doctor

    found = run_doctor(**options, log=log)
    if as_json:
        print_json(found.to_dict())
    else:
        print_document(str(found))
    put_into_report(report_in, found)
    if found.exit_code:
        raise click.exceptions.Exit(found.exit_code)
