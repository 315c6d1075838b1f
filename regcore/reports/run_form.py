"""The form of run.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, UnsetType

from regcore.calibration.record import RunQuantization
from regcore.performance.perf_file import Environment
from regcore.reports.image_fields import (
    Accuracies,
    AccuracyIntervals,
    AccuracyPercent,
    ClippedImages,
    DamagedImages,
    FailedImages,
    Metrics,
    NanImages,
    RotatedImages,
    TiedImages,
    TieRule,
)
from regcore.schemas import Format
from regcore.schemas.fields import (
    Amount,
    BackendName,
    BatchSize,
    Count,
    Digest,
    InterfaceRate,
    ModelName,
    ProviderName,
    RecipeName,
    RecipeOrigin,
    Workers,
    described,
)
from regcore.schemas.recipe_form import RecipeForm


@dataclass(frozen=True, kw_only=True)
class RunForm:
    """An evaluation: TopN, what kept it from being complete, and how it was made.

    predictions.csv beside it has each image. Early versions did not write every key.
    """

    format: Format
    complete: Annotated[bool, described("Whether every image that should have been counted was.")]
    images: Annotated[Count, described("How many were counted: the accuracies are of these.")]
    expected_images: Annotated[
        Count, described("How many a complete evaluation would have counted.")
    ]
    failed: FailedImages
    missing: Annotated[list[str], described("Labelled images that were not there.")]
    not_reached: Annotated[Count, described("Images that come after an interruption.")]
    kept: Annotated[
        Count | UnsetType,
        described("Images whose scores an interrupted run had left; rates are of the others."),
    ] = UNSET
    calibration_images: Annotated[
        list[str] | UnsetType,
        described(
            "Of the images, those that the model was calibrated with; absent where it does not say."
        ),
    ] = UNSET
    left_out: Annotated[Count, described("Images beyond those that were asked for (--limit).")]
    damaged: DamagedImages
    rotated: RotatedImages
    clipped: ClippedImages
    classes: Annotated[Count, described("Scores of each image; 0 before the first.")]
    ties: TieRule
    tied_images: TiedImages
    nan_images: NanImages
    hits: Annotated[list[Count], described("Images whose true class is among the best 1, 2, ...")]
    accuracy: Accuracies
    accuracy_percent: AccuracyPercent | UnsetType = UNSET
    interval: AccuracyIntervals | UnsetType = UNSET
    metrics: Metrics | UnsetType = UNSET
    run: Annotated[
        Digest | UnsetType,
        described("The identity of the run, which its other files carry, too."),
    ] = UNSET
    model: ModelName
    backend: BackendName
    provider: ProviderName
    recipe: RecipeName
    root: Annotated[str, described("The folder above the images.")]
    preprocessing: RecipeForm
    batch_size: BatchSize
    workers: Workers
    images_per_s: Annotated[Amount, described("From the first image to the last score.")]
    interface_images_per_s: InterfaceRate
    seconds: Annotated[Amount, described("From the first image to the last score.")]
    device_seconds: Annotated[
        Amount, described("The part of it in which the backend was at work; 0 on a cluster.")
    ]
    wait_seconds: Annotated[
        Amount, described("The part of it in which the backend waited for images; 0 on a cluster.")
    ]
    date: Annotated[
        str | UnsetType, described("When it began, in UTC, as 2026-11-27T10:22:14Z.")
    ] = UNSET
    command: Annotated[
        str | UnsetType,
        described("The command line; absent where a program called the function."),
    ] = UNSET
    model_hash: Annotated[
        str | UnsetType,
        described("`sha256:...` of the model's file; absent of a model that is no file."),
    ] = UNSET
    model_bytes: Annotated[
        Count | UnsetType,
        described("Of the model's files; absent of a model that is no file."),
    ] = UNSET
    quantization: Annotated[
        RunQuantization | UnsetType,
        described("What the model's file says of its quantisation; absent where it says nothing."),
    ] = UNSET
    environment: Annotated[Environment | UnsetType, described("Where it ran.")] = UNSET
    class_names: Annotated[
        list[str] | UnsetType,
        described("Of the model's classes, by index; absent where nobody tells them."),
    ] = UNSET
    recipe_from: RecipeOrigin | UnsetType = UNSET
    result: Annotated[
        str | UnsetType,
        described("The file that was written; in what --json prints only."),
    ] = UNSET
