"""The metrics that were asked for beside the accuracy, for JSON and for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from regcore.counted import counted
from regcore.scores.metric import Measured, MetricValue


def metrics_dict(metrics: Sequence[Measured]) -> dict[str, Any]:
    """`{"metrics": {"ece": {"ECE": {"value": 3.21, "unit": "%"}, ...}}}`; empty without any."""
    if not metrics:
        return {}
    return {
        "metrics": {
            metric.name: {name: asdict(value) for name, value in metric.result().items()}
            for metric in metrics
        }
    }


def metric_rows(metrics: Sequence[Measured]) -> dict[str, str]:
    """`{"ece: error": "3.210 %", ...}`: all numbers as text."""
    return value_rows({metric.name: metric.result() for metric in metrics})


def value_rows(metrics: Mapping[str, Mapping[str, MetricValue]]) -> dict[str, str]:
    """The same of results by the names of their metrics; counts of 0 images are left out."""
    return {
        f"{metric}: {name.replace('_', ' ')}": _text(one)
        for metric, values in metrics.items()
        for name, one in values.items()
        if one.unit != "images" or one.value
    }


def _text(one: MetricValue) -> str:
    if one.value is None:
        return "no images"
    if one.unit == "images":
        return counted(round(one.value), "image")
    return f"{one.value:.3f} %" if one.unit == "%" else f"{one.value:.6g} {one.unit}".rstrip()
