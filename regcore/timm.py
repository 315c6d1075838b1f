"""timm's loader for evaluation, with images that regcore prepares.

    from regcore.timm import create_loader  # in place of timm.data.create_loader

The batches are those of timm's own loader, bit for bit. Needs torch (pip install
'regcore[export]'); timm itself is not imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, SupportsIndex, TypeGuard

import torch

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.images.sources import Image
from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD
from regcore.recipes.timm_config import WantedImages, recipe_of, wanted_images
from regcore.torch.dataset import ImageDataset
from regcore.torch.loader import ImageLoader, Pair

_NAME = "create_loader"


class EvaluationLoader:
    """What create_loader returns: batches of (images, targets), and timm's attributes of loaders.

    dataset: as it was given. batch_size: images of a batch, the last one may have fewer.
    """

    def __init__(
        self, loader: ImageLoader, dataset: object, finish: Callable[[Pair], Pair] | None
    ) -> None:
        self.dataset = dataset
        self.batch_size = loader.batch_size
        self._loader = loader
        self._finish = finish

    def __repr__(self) -> str:
        return f"<EvaluationLoader: timm's batches from {self._loader!r}>"

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._loader) if self._finish is None else map(self._finish, self._loader)


def create_loader(  # noqa: PLR0917  # the signature is timm's
    dataset: Any,  # noqa: ANN401
    input_size: int | tuple[int, ...],
    batch_size: int,
    is_training: bool = False,  # noqa: FBT001, FBT002
    no_aug: bool = False,  # noqa: FBT001, FBT002
    re_prob: float = 0.0,
    re_mode: str = "const",
    re_count: int = 1,
    re_split: bool = False,  # noqa: FBT001, FBT002
    train_crop_mode: str | None = None,
    scale: tuple[float, float] | None = None,
    ratio: tuple[float, float] | None = None,
    hflip: float = 0.5,
    vflip: float = 0.0,
    color_jitter: float = 0.4,
    color_jitter_prob: float | None = None,
    grayscale_prob: float = 0.0,
    gaussian_blur_prob: float = 0.0,
    auto_augment: str | None = None,
    num_aug_repeats: int = 0,
    num_aug_splits: int = 0,
    interpolation: str = "bilinear",
    mean: tuple[float, ...] = IMAGENET_MEAN,
    std: tuple[float, ...] = IMAGENET_STD,
    num_workers: int = 1,
    distributed: bool = False,  # noqa: FBT001, FBT002
    crop_pct: float | None = None,
    crop_mode: str | None = None,
    crop_border_pixels: int | None = None,
    collate_fn: Callable[..., Any] | None = None,
    pin_memory: bool = False,  # noqa: FBT001, FBT002
    fp16: bool = False,  # noqa: FBT001, FBT002
    img_dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cuda",
    use_prefetcher: bool = True,  # noqa: FBT001, FBT002
    use_multi_epochs_loader: bool = False,  # noqa: FBT001, FBT002
    persistent_workers: bool = True,  # noqa: FBT001, FBT002
    worker_seeding: str = "all",
    tf_preprocessing: bool = False,  # noqa: FBT001, FBT002
    input_size_choices: Sequence[Any] | None = None,
    batch_size_choices: Sequence[int] | None = None,
    batch_choice_weights: Sequence[float] | None = None,
    batch_choice_seed: int = 0,
    batch_choice_schedule: str = "constant",
    batch_schedule_epochs: int | None = None,
    batch_schedule_spread: float = 0.65,
    batch_schedule_random_mix: float = 0.1,
    num_batches: int | None = None,
) -> EvaluationLoader:
    """The batches of timm.data.create_loader for evaluation, with the arguments of timm 1.0.31.

    dataset: what timm's create_dataset makes of a folder, torchvision's ImageFolder, or
    regcore.torch.ImageDataset, whose recipe does not count here.
    num_workers: threads, not processes; 0 is one thread, too.
    use_prefetcher: float32 batches in main memory have the values of timm's PrefetchLoader as they
    are; to other devices and dtypes go pixels, which are normalised there. Without it, batches are
    float32 in main memory, whatever the device, and have the values of timm's transform.

    Each batch has memory of its own. A damaged photo is a DecodeError; timm counts another photo in
    its place. What is for training, and what cannot be done, is refused by name with UsageError:
    is_training, augmentations, distributed, collate_fn, crop_border_pixels, tf_preprocessing; the
    error says why. The others change nothing in timm's evaluation either: no_aug, the kinds of
    random erasing (re_mode, re_count, re_split), worker_seeding, use_multi_epochs_loader,
    persistent_workers, and the schedule of sizes (batch_choice_*, batch_schedule_*).
    """
    given = dict(locals())
    for name, reason in _REFUSED.items():
        if given[name] != _DEFAULTS[name]:
            value = shown(given[name])
            raise UsageError(f"{_NAME}: {name}={value} is not for evaluation here: {reason}")
    images, targets = _images_of(dataset)
    size = (
        (3, int(input_size), int(input_size))
        if isinstance(input_size, SupportsIndex)
        else tuple(input_size)
    )
    config = {
        "input_size": size if len(size) == 3 else (3, *size),  # noqa: PLR2004
        "crop_pct": crop_pct,
        "crop_mode": crop_mode,
        "interpolation": interpolation,
        "mean": mean,
        "std": std,
    }
    dtype = torch.float16 if fp16 else img_dtype or torch.float32
    place = torch.device(device)
    as_pixels = use_prefetcher and (dtype != torch.float32 or place.type != "cpu")
    wanted = wanted_images(_NAME, config)
    recipe = recipe_of(_NAME, wanted, prefetcher=use_prefetcher)
    loader = ImageLoader(
        images,
        targets,
        recipe.in_form("uint8") if as_pixels else recipe,
        batch_size,
        device=place if use_prefetcher else None,
        pin_memory=bool(pin_memory) and torch.cuda.is_available(),
        workers=max(1, num_workers),
    )
    return EvaluationLoader(loader, dataset, _normalizer(wanted, dtype) if as_pixels else None)


_DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(create_loader).parameters.items()
}
#: What is for training, or would change the images or their order in a way that is not done here.
_TRAINING = (
    *("is_training", "re_prob", "train_crop_mode", "scale", "ratio", "hflip", "vflip"),
    *("color_jitter", "color_jitter_prob", "grayscale_prob", "gaussian_blur_prob", "auto_augment"),
    *("num_aug_repeats", "num_aug_splits", "input_size_choices", "batch_size_choices"),
    "num_batches",
)
_REFUSED = {
    **dict.fromkeys(_TRAINING, "it is for training, which timm's own loader does"),
    "distributed": "each process needs a dataset of its own part",
    "collate_fn": "regcore's threads write images straight into their batch",
    "crop_border_pixels": "regcore has no crop by a border; crop_pct and crop_mode say the crop",
    "tf_preprocessing": "TensorFlow's decoder and resize give other pixels",
}


def _normalizer(wanted: WantedImages, dtype: torch.dtype) -> Callable[[Pair], Pair]:
    """The last step of timm's PrefetchLoader, on the device of the images."""
    constants: dict[torch.device, list[torch.Tensor]] = {}

    def normalized(batch: Pair) -> Pair:
        images, targets = batch
        if images.device not in constants:
            constants[images.device] = [
                # Rounded once, from float64.
                torch.tensor(
                    [value * 255 for value in values], device=images.device, dtype=dtype
                ).view(1, 3, 1, 1)
                for values in (wanted.mean, wanted.std)
            ]
        mean, std = constants[images.device]
        return images.to(dtype).sub_(mean).div_(std), targets

    return normalized


def _images_of(dataset: Any) -> tuple[Sequence[Image], list[int]]:  # noqa: ANN401
    """The images of a dataset, and their classes; -1 where timm knows none."""
    if isinstance(dataset, ImageDataset):
        return dataset.images, dataset.targets.tolist()
    reader = getattr(dataset, "reader", dataset)
    samples = getattr(reader, "samples", None)
    if not _is_listed(samples):
        given = type(dataset).__name__
        what = given if reader is dataset else f"the {type(reader).__name__} in a {given}"
        raise UsageError(
            f"{_NAME}: {what} has no list of files with their classes, as ImageFolder has; give "
            "regcore.torch.ImageDataset(images, labels, recipe) of the images that are wanted"
        )
    mode = getattr(dataset, "input_img_mode", "RGB")
    if mode != "RGB":
        raise UsageError(f"{_NAME}: input_img_mode {shown(mode)} is not RGB")
    for name in ("load_bytes", "additional_features"):
        if getattr(dataset, name, None):
            raise UsageError(f"{_NAME}: {name} of the dataset is not done here")
    target = getattr(dataset, "target_transform", None) or int
    classes = [-1 if label is None else int(target(label)) for _, label in samples]
    return [path for path, _ in samples], classes


def _is_listed(samples: object) -> TypeGuard[Sequence[tuple[str, Any]]]:
    """Whether they are pairs of a path and a class."""
    if not isinstance(samples, Sequence) or not samples:
        return False
    first = samples[0]
    return isinstance(first, tuple) and len(first) == 2 and isinstance(first[0], str)  # noqa: PLR2004
