"""A model quantised with calibration images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec import UNSET

from regcore.api.messages import Log, ProgressBar, no_log, no_progress
from regcore.api.options import existing
from regcore.backends.recipe_fit import check_image
from regcore.calibration.folder import CalibrationSet, open_calibration
from regcore.calibration.record import PROPERTY, QuantizationRecord, Tools, images_of
from regcore.convert.onnx.costly_layers import Begin, LayerSearch, search_layers
from regcore.convert.onnx.float16 import float16_nodes, to_float16
from regcore.convert.onnx.float_nodes import name_nodes, nodes_named
from regcore.convert.onnx.quantisers import TOOLS, check_float, prepared_for
from regcore.convert.onnx.quantize import (
    METHODS,
    PERCENTILE,
    Quantizer,
    quantised_nodes,
)
from regcore.convert.onnx.score_noise import agreement, check_finite, scores_of, signal_to_noise
from regcore.counted import counted
from regcore.errors import BackendError, MismatchError, UsageError, first_line
from regcore.files.arguments import as_path, check_several, whole_within
from regcore.files.atomic import check_target
from regcore.files.output_guard import Output, check_outputs
from regcore.models.build_record import file_sha256
from regcore.models.metadata import ModelMetadata, embedded, has_property, is_exported
from regcore.models.onnx_file import OnnxFile, read_onnx
from regcore.models.onnx_package import constants_are_no_inputs, import_onnx
from regcore.models.onnx_writer import writing_onnx
from regcore.models.tensors import image_input
from regcore.recipes.words import difference_words, differing_fields
from regcore.reports.quantize import QuantizeForm
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.scores.one_class import nothing_to_rank

#: How the file is called, by what it holds.
TARGETS = {"int8-qdq": "int8", "fp16": "fp16"}
#: A property of a float16 file.
_FLOAT16 = "regcore.float16"
_HIGHEST = 100.0
_COMPARED = 64  # images
_MOST_LAYERS = 1 << 48


@dataclass(frozen=True)
class QuantizedModel:
    """What quantize_model has written."""

    form: QuantizeForm

    @property
    def path(self) -> Path:
        """The quantised model."""
        return Path(self.form.path)

    def to_dict(self) -> dict[str, Any]:
        """What `regcore quantize --json` prints."""
        return as_dict(self.form)


def quantize_model(
    model: str | Path,
    calibration: str | Path | CalibrationSet,
    out: str | Path | None = None,
    *,
    to: str = "int8-qdq",
    method: str = "minmax",
    percentile: float | None = None,
    per_channel: bool = True,
    symmetric: bool = False,
    keep: Sequence[str] = (),
    search: int | None = None,
    tool: str = "onnxruntime",
    output: str | None = None,
    force: bool = False,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
) -> QuantizedModel:
    """Quantises an .onnx file with the images of `regcore calibrate`.

    calibration: the folder. out: the file to write, by default MODEL.int8.onnx beside the model.
    to: "int8-qdq": weights and activations of 8 bits, with QuantizeLinear and DequantizeLinear
        around each node, as ONNX Runtime, OpenVINO and TensorRT read them; or "fp16": float16, by
        ONNX Runtime's converter, for which the images only show how far the scores are.
    method: of the activations' ranges: "minmax", "entropy" or "percentile"; percentile: of the
        values that the last takes in, by default 99.999.
    per_channel: a scale for each channel of weights. symmetric: activations of int8 around 0, which
        TensorRT wants; else uint8. keep: names of nodes that stay in float, * and ? as in a shell.
    search: so many layers stay in float, too, those that cost most: each is left in float in turn,
        and the model's scores of the first 64 calibration images are held against the float ones.
    tool: whose quantiser, "onnxruntime" or "nncf", which knows the method "minmax" alone.
    output: the model's output with the scores, where it has several; all of them are quantised.
    force: replace a file that regcore did not write. progress: gets the layers of a search.

    The file says by which recipe, with which images and by which versions it was made.
    Raises UsageError where the options contradict each other or name no node, MismatchError where
    the images were prepared by another recipe than the model's, and BackendError where the model
    cannot be quantised or onnx or ONNX Runtime is not installed.
    """
    check_several("keep", keep)
    path = existing(model)
    default = path.with_name(f"{path.stem}.{TARGETS.get(to, to)}.onnx")
    target = default if out is None else as_path("out", out)
    quantizer = _quantizer(
        to, tool, method, percentile, per_channel=per_channel, symmetric=symmetric
    )
    if to == "fp16":
        _only_for_int8(method, search, tool, per_channel=per_channel, symmetric=symmetric)
    if search is not None:
        search = whole_within("search", search, 1, _MOST_LAYERS)
    check_target(target, ".onnx")
    facts = read_onnx(path)
    written = Output(target, recognise_file=lambda file: is_exported(file) or _is_ours(file))
    found = (
        calibration if isinstance(calibration, CalibrationSet) else open_calibration(calibration)
    )
    check_outputs([written], [*facts.files, found.folder], force=force)
    metadata = _metadata(facts, found, log)
    facts.check_data()
    image = image_input(path, facts.inputs)
    check_image(image, found.recipe)
    source, pairs = _load(path)
    images = found[:_COMPARED]
    theirs = scores_of(path, images, output)
    if theirs.shape[1] == 1:
        raise BackendError(f"{path}: {nothing_to_rank('it has')}")
    searched: LayerSearch | None = None
    record: QuantizationRecord | None = None
    if to == "fp16":
        check_float(source)
        constants_are_no_inputs(source)
        name_nodes(source.graph)
        kept = nodes_named(source.graph, keep)
        names = {node.name for node in source.graph.node}
        quantised, own = to_float16(source, kept), {_FLOAT16: version("onnxruntime")}
        counts = float16_nodes(quantised, names)
    else:
        with prepared_for(quantizer, source, found, image) as prepared:
            kept = nodes_named(prepared.graph, keep)
            if search is not None:
                with _shown(log, progress) as begin:
                    searched = search_layers(
                        prepared, kept, search, images, theirs, output=output, begin=begin
                    )
                kept += [name for name in searched.kept if name not in kept]
            quantised = prepared.quantised(kept)
        counts = quantised_nodes(quantised, kept)
        record = _record(quantizer, found, file_sha256(path), to=to, kept=kept, searched=search)
        own = record.to_property()
    import_onnx().helper.set_model_props(quantised, {**embedded(metadata, pairs), **own})
    with writing_onnx(quantised, target) as temporary:
        ours = scores_of(temporary, images, output)
        check_finite(ours, theirs)
    return QuantizedModel(
        QuantizeForm(
            format=json_form("quantize"),
            path=str(target),
            bytes=sum(file.stat().st_size for file in read_onnx(target).files),
            source=str(path),
            source_bytes=sum(file.stat().st_size for file in facts.files),
            quantised_nodes=counts[0],
            float_nodes=counts[1],
            to=to,
            kept=kept,
            quantization=UNSET if record is None else record,
            agreement=agreement(ours, theirs),
            signal_to_noise_db=signal_to_noise(theirs, ours),
            search=UNSET if searched is None else searched,
        )
    )


def _only_for_int8(
    method: str, search: int | None, tool: str, *, per_channel: bool, symmetric: bool
) -> None:
    others = {
        "--method": method != "minmax",
        "--search": search is not None,
        "--tool": tool != "onnxruntime",
        "--per-tensor": not per_channel,
        "--symmetric": symmetric,
    }
    for name, given in others.items():
        if given:
            raise UsageError(f"{name} is for --to int8-qdq, not for --to fp16")


def _record(
    how: Quantizer,
    calibration: CalibrationSet,
    source_sha256: str,
    *,
    to: str,
    kept: list[str],
    searched: int | None,
) -> QuantizationRecord:
    return QuantizationRecord(
        to=to,
        method=how.method,
        percentile=how.percentile if how.method == "percentile" else None,
        per_channel=how.per_channel,
        symmetric=how.symmetric,
        kept=kept,
        source_sha256=source_sha256,
        tools=_tools(how.tool),
        calibration=calibration.identity,
        recipe_identity=calibration.form.recipe_identity,
        images=images_of(calibration.form),
        searched=searched,
    )


@contextmanager
def _shown(log: Log, progress: ProgressBar) -> Iterator[Begin]:
    """What a search tells of itself, until the block ends."""
    with ExitStack() as shown:

        def begin(layers: int, seconds: float) -> Callable[[int], object]:
            log(
                f"{counted(layers, 'layer is', 'layers are')} left in float in turn, which takes "
                f"about {layers * seconds / 60:.1f} min; nothing is written before"
            )
            advance = shown.enter_context(progress(layers))
            return lambda done: advance(done, 0)

        yield begin


def _tools(tool: str) -> Tools:
    return Tools(
        version("onnxruntime"),
        version("onnx"),
        version("regcore"),
        version("nncf") if tool == "nncf" else None,
    )


def _quantizer(
    to: str,
    tool: str,
    method: str,
    percentile: float | None,
    *,
    per_channel: bool,
    symmetric: bool,
) -> Quantizer:
    if to not in TARGETS:
        raise UsageError(f"--to {to}: there are {', '.join(TARGETS)}")
    if method not in METHODS:
        raise UsageError(f"--method {method}: there are {', '.join(METHODS)}")
    if tool not in TOOLS:
        raise UsageError(f"--tool {tool}: there are {', '.join(TOOLS)}")
    if tool == "nncf" and method != "minmax":
        raise UsageError(f"--method {method}: --tool nncf has minmax alone")
    if percentile is not None and method != "percentile":
        raise UsageError(f"--percentile is for --method percentile, not for {method}")
    if percentile is not None and not _HIGHEST / 2 < percentile <= _HIGHEST:
        raise UsageError(f"--percentile {percentile}: is above 50, and 100 at most")
    return Quantizer(tool, method, percentile or PERCENTILE, per_channel, symmetric)


def _metadata(facts: OnnxFile, calibration: CalibrationSet, log: Log) -> ModelMetadata:
    """What the model says of itself, or the calibration of it; see quantize_model."""
    own = facts.metadata
    if own is None:
        log(
            f"{facts.path} does not say how it wants its images: taking the recipe "
            f"{calibration.form.recipe_identity} of {calibration.folder}"
        )
        return ModelMetadata(calibration.recipe)
    if differing := difference_words(differing_fields(own.recipe, calibration.recipe)):
        raise MismatchError(
            f"{calibration.folder}: its images were prepared by another recipe than that of "
            f"{facts.path}: {differing}; 'regcore calibrate' without --recipe makes the "
            "model's own"
        )
    return own


def _load(path: Path) -> tuple[Any, dict[str, str]]:
    onnx = import_onnx()
    try:
        model = onnx.load(path)
    except Exception as error:  # what protobuf raises has no common base
        raise BackendError(f"{path}: {first_line(error)}") from error
    return model, {pair.key: pair.value for pair in model.metadata_props}


def _is_ours(path: Path) -> bool:
    return has_property(path, PROPERTY) or has_property(path, _FLOAT16)
