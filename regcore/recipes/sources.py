"""Where recipes come from: a reader for each, imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regcore.recipes.recipe import Recipe
    from regcore.recipes.settings import Configuration


class RecipeSources:
    """The constructors of Recipe that read what other tools have written.

    What no Recipe describes is refused by the name of its key, never approximated. No framework is
    imported where a file will do.
    """

    @staticmethod
    def parse(text: str) -> Recipe:
        """The recipe that the value of --recipe means: a preset, a source, a file, or fields.

        As in "timm:resnet50.a1_in1k", "torchvision:ResNet50_Weights.DEFAULT", "hf:FOLDER",
        "FILE.json" or "resize=256,crop=224,filter=bilinear,mean=...,std=..."; `regcore recipe list`
        has all of them. Raises UsageError in one line that names what is wrong.
        """
        from regcore.recipes.spelling import parse_recipe

        return parse_recipe(text).recipe

    @staticmethod
    def from_file(path: str | Path) -> Recipe:
        """The recipe in a JSON or TOML file with the names of these fields.

        dtype, layout and pass_order may be left out, and what has a default after them. Raises
        UsageError with the file and the field, DatasetError for a file that is none.
        """
        from regcore.recipes.recipe_file import read_recipe

        return read_recipe(Path(path))

    @staticmethod
    def from_timm(source: object, *, test_size: bool = False, prefetcher: bool = False) -> Recipe:
        """The images that timm.data.create_transform makes for evaluation, as float32 NCHW.

        source: "architecture.tag"; a model, or anything with its `pretrained_cfg`; that itself, as
            timm's dataclass or a dict; or the path of a model's config.json or its folder (text is
            a path where it has a / or ends in .json), for which timm need not be installed.
        test_size: of the size that timm tests the weights with, where it has one.
        prefetcher: with the values of timm's PrefetchLoader, which validate.py uses: mean and std
            are of 0 to 255 and not of 0 to 1, which rounds differently.

        Raises UsageError for unknown names, and, with the name of the key, for what no Recipe
        describes.
        """
        from regcore.recipes.timm import recipe_from

        return recipe_from(source, test_size=test_size, prefetcher=prefetcher)

    @staticmethod
    def from_torchvision(source: object, *, tensors: bool = False) -> Recipe:
        """The images that torchvision's transforms for evaluation make of a PIL image.

        source: weights, as `ResNet50_Weights.IMAGENET1K_V2` or the same as text; their preset,
            `weights.transforms()`; or a Compose or Sequential of the classes of transforms or
            transforms.v2 that resize, crop the centre, convert, and normalise, in this order; the
            conversion to a tensor may also come first, which gives other pixels.
        tensors: whether the transforms of weights get tensors of uint8, and not PIL images.

        Raises UsageError, with the name of the class or argument, for what no Recipe describes.
        """
        from regcore.recipes.torchvision import recipe_from

        return recipe_from(source, tensors=tensors)

    @staticmethod
    def from_huggingface(source: str | Path | Mapping[str, Any], *, backend: str = "pil") -> Recipe:
        """The images that Hugging Face's image processors make.

        source: a folder, its preprocessor_config.json or processor_config.json (which comes first
            where it has the key image_processor), or what that file holds.
        backend: "pil", or "torchvision", which is the default of transformers where torchvision is
            installed, and gives other pixels.
        Errors are those of regcore.recipes.huggingface.recipe_of_huggingface.
        """
        from regcore.recipes.huggingface import recipe_of_huggingface

        return recipe_of_huggingface(source, backend)

    @staticmethod
    def from_keras(mode: str, size: int | tuple[int, int], *, filter: str) -> Recipe:  # noqa: A002
        """The recipe of keras.applications: its mode, its target_size, its interpolation.

        Arguments and errors are those of regcore.recipes.keras.recipe_of_keras.
        """
        from regcore.recipes.keras import recipe_of_keras

        return recipe_of_keras(mode, size, filter)

    @staticmethod
    def from_mlperf(profile: str) -> Recipe:
        """The recipe of MLPerf inference's reference code: of a profile such as resnet50-pytorch.

        Arguments and errors are those of regcore.recipes.mlperf.recipe_of_mlperf.
        """
        from regcore.recipes.mlperf import recipe_of_mlperf

        return recipe_of_mlperf(profile)

    @staticmethod
    def from_accuracy_checker(source: Configuration, dataset: str | None = None) -> Recipe:
        """The recipe of a data set in a configuration of OpenVINO's accuracy_checker.

        Arguments and errors are those of
        regcore.recipes.accuracy_checker.recipe_of_accuracy_checker.
        """
        from regcore.recipes.accuracy_checker import recipe_of_accuracy_checker

        return recipe_of_accuracy_checker(source, dataset)

    @staticmethod
    def from_mmpretrain(
        source: Configuration, data_preprocessor: Mapping[str, Any] | None = None
    ) -> Recipe:
        """The recipe of the test pipeline in a configuration of MMPretrain.

        Arguments and errors are those of regcore.recipes.mmpretrain.recipe_of_mmpretrain.
        """
        from regcore.recipes.mmpretrain import recipe_of_mmpretrain

        return recipe_of_mmpretrain(source, data_preprocessor)

    @staticmethod
    def from_paddleclas(source: Configuration) -> Recipe:
        """The recipe of a configuration of PaddleClas.

        Arguments and errors are those of regcore.recipes.paddleclas.recipe_of_paddleclas.
        """
        from regcore.recipes.paddleclas import recipe_of_paddleclas

        return recipe_of_paddleclas(source)
