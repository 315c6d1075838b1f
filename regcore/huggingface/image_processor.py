"""An image processor that behaves as the PIL backend of transformers' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.huggingface.batch_feature import BatchFeature
from regcore.huggingface.images import flat_images
from regcore.images.per_process import PerProcess
from regcore.images.preprocessor import Preprocessor
from regcore.images.tensors import as_tensor
from regcore.recipes.huggingface import processor_class, recipe_of_huggingface
from regcore.recipes.huggingface_file import find_fields, read_configuration
from regcore.recipes.numbers import PILLOW_FILTERS
from regcore.recipes.recipe import Recipe

if TYPE_CHECKING:
    from typing_extensions import Self

_CONVERTS = "do_convert_rgb"
_SIZES = ("size", "crop_size")


class ImageProcessor:
    """Makes the pixel_values of transformers' processors with their PIL backend, bit for bit.

    Images are prepared on threads, without the GIL. The fields of the configuration are attributes
    (`size`, `image_mean`, ...), and can be overridden for one call; what regcore cannot do exactly
    is refused by name with UsageError. It can be pickled, and used after a fork.

    recipe: what becomes of every image.
    """

    backend = "regcore"
    model_input_names = ("pixel_values",)

    def __init__(
        self,
        configuration: Mapping[str, Any],
        *,
        workers: int | None = None,
        **overrides: Any,  # noqa: ANN401
    ) -> None:
        """configuration: the fields of a preprocessor_config.json, image_processor_type among them.

        workers: threads, by default one per processor. overrides: fields in place of these.
        """
        fields = find_fields(configuration)[0]
        self._fields = {**cast("Mapping[str, Any]", fields), **_plain(overrides)}
        self._workers = workers
        self._kind = processor_class(read_configuration(self._fields))
        self.recipe = recipe_of_huggingface(self._fields)
        self._preprocessors: dict[Recipe, PerProcess] = {}
        self._preprocessor(self.recipe)  # wrong workers are told here

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        *,
        workers: int | None = None,
        **overrides: Any,  # noqa: ANN401
    ) -> Self:
        """The processor of a model's folder, or of its preprocessor_config.json.

        overrides: fields in place of those of the file. Nothing is fetched from the hub. Raises
        UsageError, which names file and key, for what cannot be done exactly, DatasetError for a
        folder that has no such file.
        """
        if not overrides:
            recipe_of_huggingface(folder)  # its errors name the file
        return cls(cast("Mapping[str, Any]", find_fields(folder)[0]), workers=workers, **overrides)

    def __call__(
        self,
        images: Any,  # noqa: ANN401
        return_tensors: str | None = None,
        **overrides: Any,  # noqa: ANN401
    ) -> BatchFeature:
        """The pixel_values of images: float32 [images, 3, rows, columns].

        images: one, a batch, or lists: paths, images of Pillow, and arrays or tensors of integers
            from 0 to 255, channels first or last. Files are turned by their EXIF orientation, as
            transformers does; pictures of Pillow are taken as they are.
        return_tensors: "pt" for a tensor, "np" for an array, None for a list of arrays.
        overrides: fields for this call, such as size or do_normalize; input_data_format,
            "channels_first" or "channels_last", says what arrays are.

        Raises UsageError for what is no image, and, by name, for what cannot be done exactly;
        DecodeError for the first bad file.
        """
        if return_tensors not in (None, "np", "pt"):
            raise UsageError(f"return_tensors is pt, np or None, not {shown(return_tensors)}")
        fields = self._fields | _plain(overrides)
        recipe = recipe_of_huggingface(fields) if overrides else self.recipe
        default = self._kind.converts if _CONVERTS not in fields else False
        items = flat_images(
            images,
            converts=bool(fields.get(_CONVERTS, default)),
            layout=fields.get("input_data_format"),
        )
        values = self._preprocessor(recipe)(items)
        if return_tensors is None:
            return BatchFeature(pixel_values=list(values))
        return BatchFeature(pixel_values=as_tensor(values) if return_tensors == "pt" else values)

    def preprocess(
        self,
        images: Any,  # noqa: ANN401
        return_tensors: str | None = None,
        **overrides: Any,  # noqa: ANN401
    ) -> BatchFeature:
        """The call itself, by transformers' other name for it."""
        return self(images, return_tensors, **overrides)

    def to_dict(self) -> dict[str, Any]:
        """The fields of the configuration, with what was overridden when it was made."""
        return dict(self._fields)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("_") or name not in {**self._fields, **self._defaults()}:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        value = self._fields.get(name, self._defaults().get(name))
        return self._size(name, value) if name in _SIZES and value is not None else value

    def _defaults(self) -> dict[str, Any]:
        """What the class has where its configuration says nothing."""
        kind = self._kind
        return {
            "size": kind.size,
            "crop_size": kind.crop_size,
            "crop_pct": kind.crop_pct,
            "resample": PILLOW_FILTERS.index(kind.filter),
            "image_mean": list(kind.mean),
            "image_std": list(kind.std),
            "do_resize": True,
            "do_center_crop": kind.crops,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": kind.normalizes,
            _CONVERTS: kind.converts or None,
        }

    def _size(self, name: str, value: Any) -> dict[str, int]:  # noqa: ANN401
        """With names, as transformers has it."""
        if isinstance(value, (list, tuple)):
            return {"height": value[0], "width": value[1]}
        square = name == "crop_size" or self._fields.get("default_to_square", self._kind.square)
        if isinstance(value, int):
            return {"height": value, "width": value} if square else {"shortest_edge": value}
        return dict(value)

    def _preprocessor(self, recipe: Recipe) -> Preprocessor:
        if recipe not in self._preprocessors:
            upright = replace(recipe, exif="apply")
            self._preprocessors[recipe] = PerProcess(
                partial(Preprocessor, upright, workers=self._workers)
            )
        return self._preprocessors[recipe].get()

    def __repr__(self) -> str:
        rows, columns = self.recipe.size
        return f"<ImageProcessor: {rows} x {columns}, recipe {self.recipe.identity}>"


def _plain(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes as dicts, whatever class of transformers they are of."""
    return {
        name: dict(value)
        if name in _SIZES and not isinstance(value, (int, list, tuple, Mapping, type(None)))
        else value
        for name, value in overrides.items()
    }
