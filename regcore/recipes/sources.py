"""Where recipes come from: other frameworks' configurations, each read in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.recipes.settings import Configuration

if TYPE_CHECKING:
    from regcore.recipes.recipe import Recipe


class Sources:
    """The methods of Recipe that read another framework's configuration."""

    @classmethod
    def from_keras(cls, mode: str, size: int | tuple[int, int], *, filter: str) -> Recipe:  # noqa: A002
        """The recipe of keras.applications: its mode, its target_size, its interpolation.

        Arguments and errors are those of regcore.recipes.keras.recipe_of_keras.
        """
        from regcore.recipes.keras import recipe_of_keras

        return recipe_of_keras(mode, size, filter)

    @classmethod
    def from_mlperf(cls, profile: str) -> Recipe:
        """The recipe of MLPerf inference's reference code: of a profile such as resnet50-pytorch.

        Arguments and errors are those of regcore.recipes.mlperf.recipe_of_mlperf.
        """
        from regcore.recipes.mlperf import recipe_of_mlperf

        return recipe_of_mlperf(profile)

    @classmethod
    def from_accuracy_checker(cls, source: Configuration, dataset: str | None = None) -> Recipe:
        """The recipe of a data set in a configuration of OpenVINO's accuracy_checker.

        Arguments and errors are those of
        regcore.recipes.accuracy_checker.recipe_of_accuracy_checker.
        """
        from regcore.recipes.accuracy_checker import recipe_of_accuracy_checker

        return recipe_of_accuracy_checker(source, dataset)

    @classmethod
    def from_mmpretrain(
        cls, source: Configuration, data_preprocessor: Mapping[str, Any] | None = None
    ) -> Recipe:
        """The recipe of the test pipeline in a configuration of MMPretrain.

        Arguments and errors are those of regcore.recipes.mmpretrain.recipe_of_mmpretrain.
        """
        from regcore.recipes.mmpretrain import recipe_of_mmpretrain

        return recipe_of_mmpretrain(source, data_preprocessor)

    @classmethod
    def from_paddleclas(cls, source: Configuration) -> Recipe:
        """The recipe of a configuration of PaddleClas.

        Arguments and errors are those of regcore.recipes.paddleclas.recipe_of_paddleclas.
        """
        from regcore.recipes.paddleclas import recipe_of_paddleclas

        return recipe_of_paddleclas(source)
