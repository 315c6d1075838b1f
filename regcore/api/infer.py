"""A model's scores of images, as the benchmark tool leaves them."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.inference_inputs import open_inputs, scores_origin
from regcore.api.messages import Log, ProgressBar, log_failures, no_log, no_progress
from regcore.api.model import about_model, batch_size_for, check_not_swapped, open_model
from regcore.api.options import (
    ModelOptions,
    PreprocessorOptions,
    RecipeOptions,
    check_names,
    existing_images,
    optional,
    select,
)
from regcore.api.recipe_choice import recipe_for
from regcore.errors import UsageError
from regcore.evaluation.result_outputs import check_inference, check_listed
from regcore.evaluation.run_folder import PERF
from regcore.evaluation.run_identity import new_identity
from regcore.files.arguments import as_path, whole_within
from regcore.files.atomic import check_writable
from regcore.host import default_workers
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.infer import Inference, infer
from regcore.inference.output_folder import claimed
from regcore.inference.score_writer import PredictionWriter
from regcore.performance.benchmark_rates import write_pure_files
from regcore.performance.perf import Perf, measure
from regcore.performance.perf_file import write_perf
from regcore.performance.trace_events import write_trace
from regcore.reports.inference import to_dict

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ROUNDS = 20
_MOST_ROUNDS = 1_000_000


@dataclass(frozen=True)
class InferredImages:
    """What infer_images has done.

    perf: how fast, where any image was run. about: the model, its backend, provider and recipe,
    in words. out: the folder with the scores, perf.json and the benchmark tool's files.
    """

    inference: Inference
    perf: Perf
    about: dict[str, str]
    out: Path

    @property
    def complete(self) -> bool:
        """Whether there are scores of every image."""
        return self.inference.complete

    def to_dict(self) -> dict[str, Any]:
        """What `regcore infer --json` prints."""
        return to_dict(self.inference, self.perf, self.about, self.out)


def infer_images(
    model: str | Path,
    images: str | Path | None,
    out: str | Path,
    *,
    list_file: str | Path | None = None,
    output_binary: bool = False,
    rounds: int | None = None,
    trace: str | Path | None = None,
    force: bool = False,
    verify: bool = True,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
    **options: Unpack[ModelOptions],
) -> InferredImages:
    """Runs a model on images, and writes the scores of each, and the rates, to the folder `out`.

    model: as for regcore.backends.registry.open_backend. images: a store, an info file (.info,
    .txt) that lists .bin files, or photos as regcore.sources.spelling.open_source opens them; None:
    the same noise in each of `rounds` batches, by default 20, whose scores are not written.
    list_file: only the photos, or images of the store, named in this file, each a path below
    `images` on its line.
    output_binary: raw float32 (NAME_1.bin) instead of text. trace: a file for ui.perfetto.dev.
    force: delete what an earlier run left in `out`, and replace files that regcore did not write.
    verify: look at the checksums of a store's values. log, progress: see regcore.api.messages.
    options: see RecipeOptions, DeviceOptions and PreprocessorOptions in regcore.api.options.

    The same call again continues an interrupted one. The result is not complete where an image
    cannot be read or Ctrl-C ends the run. Raises UsageError where the request contradicts itself,
    DatasetError for images, BackendError where the model cannot run, and MismatchError where `out`
    has the scores of another model or recipe.
    """
    check_names(options, ModelOptions)
    identity = new_identity()
    model, out = str(model), as_path("out", out)
    trace = None if trace is None else as_path("trace", trace)
    if images is not None and rounds is not None:
        raise UsageError("--rounds is for --random: of images each is run once")
    rounds = whole_within("rounds", _ROUNDS if rounds is None else rounds, 1, _MOST_ROUNDS)
    list_file = optional(list_file)
    if images is not None:
        images = existing_images(images)
        check_not_swapped(model, Path(images))
    check_inference(
        out, trace, model, None if images is None else Path(images), list_file, force=force
    )
    source = open_inputs(images, log, list_file=list_file, verify=verify)
    workers = options.get("workers") or default_workers()
    with closing(source), open_model(model, options) as backend:
        choice = recipe_for(
            model,
            backend,
            source.store,
            log,
            **select(options, RecipeOptions),
            shape_only=source.is_prepared,
        )
        batch_size = batch_size_for(backend, options.get("batch_size"), log)
        inputs = source.inputs(
            choice.recipe, select(options, PreprocessorOptions), batch_size, rounds
        )
        writer = None
        claim: AbstractContextManager[None] = nullcontext()
        if images is not None:
            job = scores_origin(model, images, inputs, choice.recipe, backend, binary=output_binary)
            if source.is_prepared:
                check_listed(out, trace, inputs.names, force=force)
            writer = PredictionWriter(out, inputs.names, binary=output_binary)
            claim = claimed(out, job, writer, inputs.versions(), force=force)
        with claim, progress(len(inputs.names)) as advance:
            if trace is not None and writer is not None:  # else OUT is made later
                check_writable(trace)
            inference = infer(
                inputs,
                backend,
                writer,
                batch_size=batch_size,
                progress=advance,
                trace=trace is not None,
                device_timeout=options.get("device_timeout", DEVICE_TIMEOUT),
            )
        about = {
            **about_model(backend, model),
            "recipe": choice.label,
            "recipe_from": choice.origin,
        }
    log_failures(log, inference.errors)
    inference = replace(inference, errors=(*source.broken, *inference.errors))
    out.mkdir(parents=True, exist_ok=True)
    perf = measure(inference.timeline, batch_size=batch_size, workers=workers)
    _write_rates(inference, perf, {"run": identity, **about}, out, log)
    if trace is not None:
        write_trace(trace, inference.timeline, identity)
    return InferredImages(inference, perf, about, out)


def _write_rates(
    inference: Inference, perf: Perf, about: dict[str, str], out: Path, log: Log
) -> None:
    if not perf.images:
        _log_no_rates(out, inference, log)
        return
    is_noise = not inference.saved
    complete = inference.complete
    write_perf(out, perf, inference.timeline, about, complete=complete, sweep=is_noise)
    if is_noise:
        write_pure_files(out, inference.timeline, Path(about["model"]).stem)


def _log_no_rates(out: Path, inference: Inference, log: Log) -> None:
    """Those of an earlier run, where it came to write them, stay."""
    if inference.not_reached:
        why = "no image was run until then"
    else:
        why = "no image was good" if inference.errors else "nothing was left to run"
    stay = f"; {out / PERF} is of an earlier run" if (out / PERF).exists() else ""
    log(f"{out}: no rates, for {why}{stay}")
