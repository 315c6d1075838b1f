"""A profile for machines, and for profile.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from regcore.performance.perf import Perf
from regcore.performance.profile.bottleneck import Advice, Ceilings
from regcore.performance.profile.workload import BatchProfile, Profile, Verified
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    BackendName,
    BatchSize,
    ModelName,
    Positive,
    ProviderName,
    RecipeName,
    RecipeOrigin,
    described,
)


@dataclass(frozen=True)
class ProfiledBatch:
    """A batch size."""

    batch_size: BatchSize
    device_images_per_s: Annotated[Amount, described("The device with a batch at hand.")]
    images_per_s: Annotated[Amount, described("The whole, from files to counts.")]
    reached: Annotated[Amount, described("The whole / the device.")]
    card_images_per_s: Annotated[Amount, described("The device's rate times chips.")]
    perf: Perf


@dataclass(frozen=True, kw_only=True)
class ProfileForm:
    """Each stage alone, the whole, and what holds it up."""

    model: ModelName
    backend: BackendName
    provider: ProviderName
    recipe: RecipeName
    recipe_from: RecipeOrigin | UnsetType = UNSET
    format: Format
    bottleneck: Annotated[str, described("The stage that holds the others up.")]
    sentence: Annotated[str, described("The same in words, with the evidence.")]
    advice: Annotated[Advice | None, described("What would help; null where nothing at hand does.")]
    verified: Annotated[
        Verified | None, described("What the advice gave when it was tried (--verify).")
    ]
    ceilings: Ceilings
    chips: Annotated[
        Positive, described("Of the card, by which the rates of one device are multiplied.")
    ]
    batches: Annotated[list[ProfiledBatch], Meta(min_length=1), described("Each batch size.")]


def profile_form(result: Profile, about: Mapping[str, str], chips: int = 1) -> ProfileForm:
    """about: what was profiled: model, backend, provider, recipe, and recipe_from.

    chips: of the card, by which each rate of the device alone is multiplied into
    card_images_per_s, as the guide does.
    """
    verdict = result.verdict
    return ProfileForm(
        model=about["model"],
        backend=about["backend"],
        provider=about["provider"],
        recipe=about["recipe"],
        recipe_from=about.get("recipe_from", UNSET),
        format=json_form("profile"),
        bottleneck=verdict.stage,
        sentence=verdict.sentence,
        advice=verdict.advice,
        verified=result.verified,
        ceilings=result.ceilings,
        chips=chips,
        batches=[_batch(batch, chips) for batch in result.batches],
    )


def _batch(batch: BatchProfile, chips: int) -> ProfiledBatch:
    return ProfiledBatch(
        batch_size=batch.batch_size,
        device_images_per_s=batch.device_images_per_s,
        images_per_s=batch.perf.images_per_s,
        reached=batch.reached,
        card_images_per_s=chips * batch.device_images_per_s,
        perf=batch.perf,
    )
