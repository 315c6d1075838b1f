"""Which layers of a model cost most in int8: each is left in float in turn, by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from regcore.convert.onnx.check_scores import same_best
from regcore.convert.onnx.quantize import PreparedModel
from regcore.convert.onnx.score_noise import decibels, difference, power, scores_of
from regcore.convert.onnx.weighted_layers import layers_of
from regcore.models.onnx_writer import writing_onnx
from regcore.schemas.fields import Count, Positive, described

_Decibels = Annotated[
    float | None,
    described("The float model's scores to their difference, as powers; null: there is none."),
]


@dataclass(frozen=True)
class LayerCost:
    """A layer, and the scores of the model in which it alone is left in float."""

    layer: Annotated[str, described("The node with its weights.")]
    nodes: Annotated[list[str], described("With those that follow until the next layer.")]
    signal_to_noise_db: _Decibels
    gain_db: Annotated[
        float | None, described("Above that of the model without any such layer; null: no noise.")
    ]
    same_top1: Annotated[Count, described("Images with the float model's best class.")]
    kept: Annotated[bool, described("Whether the layer stays in float.")]


@dataclass(frozen=True)
class LayerSearch:
    """The layers by their cost, the costliest first."""

    wanted: Annotated[Positive, described("As many layers were to be kept in float at most.")]
    images: Annotated[Positive, described("Of the calibration, on which they were tried.")]
    signal_to_noise_db: _Decibels
    same_top1: Annotated[Count, described("The same with no layer left in float.")]
    layers: Annotated[list[LayerCost], described("All that were tried.")]

    @property
    def kept(self) -> list[str]:
        """The nodes that stay in float."""
        return [node for layer in self.layers if layer.kept for node in layer.nodes]


#: Is told how many layers there are, and how many seconds one takes; what it returns is called with
#: the number that is done.
Begin = Callable[[int, float], Callable[[int], object]]


@dataclass(frozen=True)
class _Trial:
    noise: float
    same_top1: int


def search_layers(
    model: PreparedModel,
    kept: Sequence[str],
    wanted: int,
    images: NDArray[Any],
    theirs: NDArray[np.float32],
    *,
    output: str | None = None,
    begin: Begin,
) -> LayerSearch:
    """Quantises a model again and again, each time with one more layer in float than `kept` has.

    wanted: how many layers to choose, among those whose absence makes the scores better. images: as
    the model takes them; theirs: the float model's scores of them. output: as for
    scores_of; begin: see Begin.
    """
    with tempfile.TemporaryDirectory(prefix="regcore-search-") as folder:

        def trial(nodes: Sequence[str]) -> _Trial:
            with writing_onnx(model.quantised(nodes), Path(folder) / "trial.onnx"):
                pass
            ours = scores_of(Path(folder) / "trial.onnx", images, output)
            return _Trial(power(difference(theirs, ours)), same_best(ours, theirs))

        trial(kept)  # after which the ranges are known
        start = perf_counter()
        without = trial(kept)
        layers = [one for one in layers_of(model.graph) if not set(one.nodes) <= set(kept)]
        done = begin(len(layers), perf_counter() - start)
        trials = []
        for number, layer in enumerate(layers, 1):
            trials.append((layer, trial([*kept, *layer.nodes])))
            done(number)
    signal = power(theirs)
    trials.sort(key=lambda pair: pair[1].noise)  # which keeps the order of equal ones
    before = decibels(signal, without.noise)

    def cost(rank: int, name: str, nodes: tuple[str, ...], found: _Trial) -> LayerCost:
        now = decibels(signal, found.noise)
        return LayerCost(
            layer=name,
            nodes=list(nodes),
            signal_to_noise_db=now,
            gain_db=None if now is None or before is None else now - before,
            same_top1=found.same_top1,
            kept=rank < wanted and found.noise < without.noise,
        )

    return LayerSearch(
        wanted=wanted,
        images=len(images),
        signal_to_noise_db=before,
        same_top1=without.same_top1,
        layers=[
            cost(rank, layer.name, layer.nodes, found) for rank, (layer, found) in enumerate(trials)
        ],
    )
