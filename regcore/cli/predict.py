"""regcore predict: what a model takes photos for."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, log, print_json, print_text
from regcore.cli.device_options import device_options
from regcore.cli.options import FileLike, preprocess_options
from regcore.cli.progress import progress_bar


@click.command()
@click.argument("model", type=FileLike())
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=FileLike())
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="How many classes of each photo.",
)
@click.option(
    "--class-names",
    metavar="FILE",
    help="The names of the classes: one a line, or JSON with a list, {index: name}, "
    "{index: [id, name]} or {name: index}; 'imagenet' for those of ImageNet.  [default: what the "
    "model says]",
)
@device_options
@preprocess_options
def predict(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Show what MODEL takes each PHOTO for: its best classes by name, without labels.

    MODEL is as for 'regcore run'. A PHOTO is a file, a folder with photos, an archive, or what else
    'regcore run' takes. Probabilities are
    the softmax of the scores, unless the model's scores are probabilities already; of scores
    that lie between 0 and 1 and do not add up to 1, as a sigmoid's, there are none. A photo that
    cannot be read is named on stderr, the others are answered, and the exit code is 3.

    \b
    Examples:
      regcore predict regnety_016.onnx dog.jpg cat.jpg
      regcore predict model.onnx photos --class-names names.txt --top 1 --json
    """  # noqa: D301
    from regcore.api.predict import predict_photos
    from regcore.images.diagnostics import diagnostics_summary
    from regcore.reports.prediction import to_table

    found = predict_photos(**options, log=log, progress=partial(progress_bar, "predicting"))
    if as_json:
        print_json(found.to_dict())
    elif found.photos:
        print_text(to_table(found.photos))
    for name, told in diagnostics_summary(found.diagnostics).items():
        log(f"{name}: {told}")
    if not found.complete:
        log(f"INCOMPLETE: {len(found.photos)} answered, {len(found.failed)} bad")
        raise click.exceptions.Exit(INCOMPLETE)
