"""The metrics by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from regcore.errors import UsageError
from regcore.files.arguments import check_several

if TYPE_CHECKING:
    from regcore.scores.metric import Metric

#: What makes each, without arguments; it is imported at the first use, as --help shows the names.
_METRICS = {
    "topn": "regcore.scores.topn:TopN",
    "ece": "regcore.scores.calibration_error:CalibrationError",
    "class-accuracy": "regcore.scores.class_hits:ClassHits",
    "confusion": "regcore.scores.confusion:Confusion",
    "ece-probabilities": "regcore.scores.calibration_error:of_probabilities",
}
#: The accuracy, which the guide's result.json is made of.
_ALWAYS = "topn"


def metric_names() -> tuple[str, ...]:
    """The names for `new_metric`."""
    return tuple(_METRICS)


def new_metric(name: str) -> Metric:
    """A metric that has counted nothing yet. Raises UsageError for an unknown name."""
    if name not in _METRICS:
        raise UsageError(f"no metric {name!r:.60}; there are {', '.join(_METRICS)}")
    make: Callable[[], Metric] = resolve_name(_METRICS[name])
    return make()


def extra_metrics(wanted: Sequence[str | Metric]) -> tuple[Metric, ...]:
    """What is counted beside TopN, which always is: by names, or metrics of one's own.

    A name that comes twice counts once. Raises UsageError for a metric whose name is taken.
    """
    check_several("metrics", wanted)
    metrics: dict[str, Metric] = {}
    for one in wanted:
        metric = new_metric(one) if isinstance(one, str) else one
        taken = metric.name == _ALWAYS or metric.name in metrics
        if taken and metric is one:
            raise UsageError(f"there is a metric {metric.name!r:.60} already")
        if not taken:
            metrics[metric.name] = metric
    return tuple(metrics.values())
