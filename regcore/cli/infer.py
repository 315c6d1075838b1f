"""regcore infer: a model's scores of images, as the benchmark tool leaves them."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import (
    INCOMPLETE,
    INTERRUPTED,
    answer,
    name_failures,
    progress_bar,
    show,
    tell,
)
from regcore.cli.device_options import DeviceOptions, device_options, trace_option
from regcore.cli.listing import tell_listing
from regcore.cli.options import check_not_swapped, preprocess_options, recipe_for, verify_option
from regcore.errors import UsageError
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from regcore.images.listing import Listing
    from regcore.images.recipe import Recipe
    from regcore.inference.infer import Inference
    from regcore.inference.inputs.source import Inputs
    from regcore.performance.perf import Perf
    from regcore.store.reader import Store

_IMAGES_AND_OUT = 2
_INFO_SUFFIXES = (".info", ".txt")


@click.command()
@click.argument("model")
@click.argument("paths", metavar="[IMAGES] OUT", nargs=-1, required=True, type=Path)
@click.option(
    "--output-binary", is_flag=True, help="Write raw float32 (NAME_1.bin) instead of text."
)
@click.option(
    "--random", "noise", is_flag=True, help="No images: the same noise in every batch, no outputs."
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 1_000_000),
    default=20,
    show_default=True,
    help="With --random: the number of batches.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Delete what an earlier run left in OUT, and replace files that regcore did not write.",
)
@verify_option
@device_options
@trace_option
@preprocess_options
def infer(
    *,
    model: str,
    paths: tuple[Path, ...],
    output_binary: bool,
    noise: bool,
    rounds: int,
    force: bool,
    verify: bool,
    device: DeviceOptions,
    recipe_name: str | None,
    dtype: str | None,
    layout: str | None,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Run MODEL on IMAGES, and write the scores of each to OUT/dumpOutput_device0/NAME_1.txt.

    This is the benchmark tool's job, with its outputs: the guide's scripts, and 'regcore score',
    read them. IMAGES is a folder of photos, which are preprocessed on the way, a store that
    'regcore preprocess' has made, or an info file (.info, .txt) that lists .bin files. MODEL is as
    for 'regcore run'. Rates go to OUT/perf_vision_batchsize_N_device_M.txt and OUT/perf.json.

    The same command again continues an interrupted run, and runs images anew whose size or time of
    change is another since. One process at a time works in OUT. An image that cannot be read is
    named on stderr, the others have their scores written, and the exit code is 3.

    \b
    Examples:
      regcore infer regnety_016.onnx imagenet/val result
      regcore infer regnety_016.om prep_bin.info result --output-binary --batch-size 16
      regcore infer regnety_016.om --random --rounds 100 result
    """  # noqa: D301
    from regcore.evaluation.result_outputs import check_inference, check_listed
    from regcore.evaluation.run_identity import new_identity
    from regcore.host import default_workers
    from regcore.inference.infer import infer as run_model
    from regcore.inference.inputs.noise import NoiseInputs
    from regcore.inference.output_folder import claimed
    from regcore.inference.score_writer import PredictionWriter
    from regcore.performance.perf import measure
    from regcore.performance.trace_events import write_trace

    identity = new_identity()
    images, out = _images_and_out(paths, noise=noise)
    if images is not None:
        check_not_swapped(model, images)
    check_inference(out, device.trace, model, images, force=force)
    store, listed = _store_or_listing(images, verify=verify)
    workers = settings["workers"] or default_workers()
    with device.open(model) as backend:
        is_prepared = images is None or images.suffix in _INFO_SUFFIXES
        choice = recipe_for(
            model, backend, store, (recipe_name, dtype, layout), shape_only=is_prepared
        )
        recipe = choice.recipe
        batch_size = device.batch_size_for(backend)
        if images is None:
            inputs: Inputs = NoiseInputs(recipe, rounds * batch_size, batch_size)
        else:
            inputs = _inputs(images, store, listed, recipe, settings, verify=verify)
        writer = None
        claim: AbstractContextManager[None] = nullcontext()
        if images is not None:
            job = _job(model, images, inputs, recipe) | {
                "output": backend.outputs[0].name,
                "binary": output_binary,
            }
            if is_prepared:
                check_listed(out, device.trace, inputs.names, force=force)
            writer = PredictionWriter(out, inputs.names, binary=output_binary)
            claim = claimed(out, job, writer, inputs.versions(), force=force)
        with claim, progress_bar("inferring", len(inputs.names)) as progress:
            if writer is not None:  # else OUT is made later
                device.check_trace()
            inference = run_model(
                inputs,
                backend,
                writer,
                batch_size=batch_size,
                progress=progress,
                trace=device.trace is not None,
                device_timeout=device.device_timeout,
            )
        about = {
            "model": model,
            "backend": f"{backend.name} {backend.version}",
            "provider": backend.provider,
            "recipe": choice.label,
            "recipe_from": choice.origin,
        }
    name_failures(inference.errors)
    broken = listed.broken if listed is not None else ()
    inference = replace(inference, errors=(*broken, *inference.errors))
    out.mkdir(parents=True, exist_ok=True)
    perf = measure(inference.timeline, batch_size=batch_size, workers=workers)
    _write_rates(inference, perf, {"run": identity, **about}, out)
    if device.trace is not None:
        write_trace(device.trace, inference.timeline, identity)
    _deliver(inference, perf, about, out, as_json=as_json)


def _write_rates(inference: Inference, perf: Perf, about: dict[str, str], out: Path) -> None:
    from regcore.performance.benchmark_rates import write_pure_files
    from regcore.performance.perf import write_perf

    if not perf.images:
        _tell_no_rates(out, inference)
        return
    is_noise = not inference.saved
    complete = inference.complete
    write_perf(out, perf, inference.timeline, about, complete=complete, sweep=is_noise)
    if is_noise:
        write_pure_files(out, inference.timeline, Path(about["model"]).stem)


def _tell_no_rates(out: Path, inference: Inference) -> None:
    """Those of an earlier run, where it came to write them, stay."""
    from regcore.evaluation.run_folder import PERF

    if inference.not_reached:
        why = "no image was run until then"
    else:
        why = "no image was good" if inference.errors else "nothing was left to run"
    stay = f"; {out / PERF} is of an earlier run" if (out / PERF).exists() else ""
    tell(f"{out}: no rates, for {why}{stay}")


def _images_and_out(paths: tuple[Path, ...], *, noise: bool) -> tuple[Path | None, Path]:
    if len(paths) != (1 if noise else _IMAGES_AND_OUT):
        wanted = "MODEL OUT with --random" if noise else "MODEL IMAGES OUT"
        raise UsageError(f"expected {wanted}, see 'regcore infer --help'")
    images, out = (None, paths[0]) if noise else paths
    if images is not None and not images.exists():
        raise UsageError(f"{images}: no such file or folder")
    return images, out


def _store_or_listing(images: Path | None, *, verify: bool) -> tuple[Store | None, Listing | None]:
    """What IMAGES is, if not an info file."""
    from regcore.images.listing import listing
    from regcore.store.reader import holds_store, open_store

    if images is None:
        return None, None
    if holds_store(images):
        return open_store(images, verify=verify), None
    if images.suffix in _INFO_SUFFIXES:
        return None, None
    listed = listing(images)
    tell_listing(listed)
    return None, listed


def _inputs(
    images: Path,
    store: Store | None,
    listed: Listing | None,
    recipe: Recipe,
    settings: dict[str, Any],
    *,
    verify: bool,
) -> Inputs:
    from regcore.images.preprocessor import Preprocessor
    from regcore.inference.inputs.bin_files import BinInputs
    from regcore.inference.inputs.photos import PhotoInputs
    from regcore.inference.inputs.store import StoreInputs

    if store is not None:
        return StoreInputs(store)
    preprocessor = Preprocessor(recipe, **settings)
    if listed is not None:
        return PhotoInputs(preprocessor, listed)
    return BinInputs(images, recipe, workers=preprocessor.workers, verify=verify)


def _job(model: str, images: Path, inputs: Inputs, recipe: Recipe) -> dict[str, Any]:
    """What the scores depend on besides the images as they are."""
    from regcore.schemas import json_form

    names = "\0".join(inputs.names).encode(errors="surrogateescape")
    return {
        "format": json_form("inference"),
        "model": _identity(model),
        "images": str(images.resolve()),
        "list": hashlib.sha256(names).hexdigest()[:16],
        "recipe": recipe.to_dict(),
    }


def _identity(model: str) -> str:
    """The model's checksum, or what stands for a model that is no file."""
    from regcore.store.integrity import file_checksum

    path = Path(model)
    return file_checksum(path) if path.is_file() else model


def _deliver(
    inference: Inference, perf: Perf, about: dict[str, str], out: Path, *, as_json: bool
) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.images import diagnostics
    from regcore.schemas import json_form

    if as_json:
        answer(
            {
                "format": json_form("infer"),
                "complete": inference.complete,
                "written": inference.written,
                "kept": inference.kept,
                "failed": [{"path": e.path, "detail": e.detail} for e in inference.errors],
                "not_reached": inference.not_reached,
                **diagnostics.to_dict(inference.findings),
                **about,
                "batch_size": perf.batch_size,
                "images_per_s": perf.images_per_s if inference.written else None,
                "interface_images_per_s": perf.interface_images_per_s,
                "out": str(out),
            }
        )
    else:
        table = Table(show_header=False, box=box.SIMPLE)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row("images", _counts(inference))
        for name, value in diagnostics.summary(inference.findings).items():
            table.add_row(name, value)
        if inference.written:
            table.add_row("rate", f"{perf.images_per_s:.1f} images/s")
        if perf.interface_images_per_s is not None:
            table.add_row("device alone", f"{perf.interface_images_per_s:.1f} images/s")
        for name, value in about.items():
            table.add_row(name.replace("_", " "), escape(printable(value)))
        table.add_row("batch, workers", f"{perf.batch_size}, {perf.workers}")
        show(table)
    if inference.not_reached:
        _tell_interrupted(inference)
        raise click.exceptions.Exit(INTERRUPTED)
    if not inference.complete:
        tell(f"INCOMPLETE: {_counts(inference)}")
        raise click.exceptions.Exit(INCOMPLETE)


def _tell_interrupted(inference: Inference) -> None:
    have = inference.written + inference.kept
    images = have + len(inference.errors) + inference.not_reached
    what = "images have scores" if inference.saved else "images of noise were run"
    hint = "; the same command continues" if inference.saved else ""
    tell(f"interrupted: {have} of {images} {what} ({_counts(inference)}){hint}")


def _counts(inference: Inference) -> str:
    parts = [
        f"{inference.written} {'written' if inference.saved else 'of noise'}",
        f"{inference.kept} kept" if inference.kept else "",
        f"{len(inference.errors)} bad" if inference.errors else "",
        f"{inference.not_reached} not reached" if inference.not_reached else "",
    ]
    return ", ".join(filter(None, parts))
