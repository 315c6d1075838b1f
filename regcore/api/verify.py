"""Stored images compared with their sources, or with their own checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from regcore.api.messages import (
    Log,
    LoggedInterrupt,
    ProgressBar,
    log_all,
    log_failures,
    no_log,
    no_progress,
)
from regcore.counted import agreeing, counted
from regcore.errors import DecodeError
from regcore.evaluation.run_content import Failed
from regcore.host import default_workers
from regcore.images.preprocessor import Preprocessor
from regcore.reports.image_fields import FailedImages
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Count, RecipeIdentity, as_dict, described
from regcore.store.reader import Store, open_store
from regcore.store.verify import Verification, verify_ledger, verify_store

#: Threads that fetch values from behind a URL.
_REQUESTS = 16


@dataclass(frozen=True)
class VerifyForm:
    """Images of a store made again from their sources."""

    format: Format
    store: Annotated[str, described("Its folder, or its URL.")]
    against: Annotated[
        Literal["sources", "ledger"],
        described(
            "What its values were compared with: its sources, made again, or the checksums in "
            "its own ledger."
        ),
    ]
    images: Annotated[Count, described("That it has.")]
    without_values: Annotated[Count, described("Further images that are listed and have none.")]
    compared: Annotated[Count, described("Of them, made again, or only read.")]
    differing: Annotated[list[str], described("Whose values are not those of their sources.")]
    changed: Annotated[list[str], described("Whose sources have changed since.")]
    gone: Annotated[list[str], described("Whose sources are not there any more.")]
    failed: FailedImages
    recipe: Annotated[RecipeIdentity, described("Identity of the store's recipe.")]


@dataclass(frozen=True)
class VerifiedStore:
    """What verify_images has compared.

    ledger: whether with the store's own checksums. images: in the store; without_values: listed
    there, but bad when it was made. failed: sources that cannot be read any more. recipe: the
    identity of the store's.
    """

    folder: str
    ledger: bool
    images: int
    without_values: int
    verification: Verification
    failed: tuple[DecodeError, ...]
    recipe: str

    @property
    def complete(self) -> bool:
        """Whether all that was to be compared could be."""
        found = self.verification
        incomplete = found.changed or found.errors or found.unreadable or not found.compared
        return not incomplete

    def to_dict(self) -> dict[str, Any]:
        """What `regcore verify --json` prints."""
        found = self.verification
        failed = (*self.failed, *found.unreadable)
        form = VerifyForm(
            format=json_form("verify"),
            store=self.folder,
            against="ledger" if self.ledger else "sources",
            images=self.images,
            without_values=self.without_values,
            compared=found.compared,
            differing=list(found.differing),
            changed=list(found.changed),
            gone=list(found.gone),
            failed=[Failed(e.path, e.detail) for e in failed],
            recipe=self.recipe,
        )
        return as_dict(form)


def verify_images(
    folder: str | Path,
    *,
    sample: float = 1.0,
    ledger: bool = False,
    workers: int | None = None,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
) -> VerifiedStore:
    """Makes the images of a store again from their sources, and compares every byte.

    folder: its path or URL. sample: the share of the images that is compared, above 0 and up to 1.
    ledger: compare with the store's own checksums instead. workers: threads, by default one for
    each processor. log, progress: see regcore.api.messages.

    Raises DatasetError for a folder that holds no store, and, on Ctrl-C, LoggedInterrupt.
    """
    store = open_store(folder)
    seen = (0, 0)
    try:
        with progress(max(1, round(len(store) * sample))) as bar:

            def advance(done: int, bad: int) -> None:
                nonlocal seen
                seen = done, bad
                bar(done, bad)

            if ledger:
                count = workers or (default_workers() if store.is_local else _REQUESTS)
                found = verify_ledger(store, workers=count, sample=sample, progress=advance)
            else:
                preprocessor = Preprocessor(store.recipe, workers=workers)
                found = verify_store(store, preprocessor, sample=sample, progress=advance)
    except KeyboardInterrupt:
        log(
            f"interrupted: {seen[0]} of {counted(len(store), 'image')} "
            f"{agreeing(seen[0], 'was', 'were')} looked at, {seen[1]} of them bad"
        )
        raise LoggedInterrupt from None
    gone = set(found.gone)
    verified = VerifiedStore(
        folder=str(folder),
        ledger=ledger,
        images=len(store),
        without_values=len(store.failed),
        verification=found,
        failed=tuple(e for e in found.errors if _path_below(store, e) not in gone),
        recipe=store.recipe.identity,
    )
    _log_all(verified, store, log)
    return verified


def _path_below(store: Store, error: DecodeError) -> str:
    return error.path.removeprefix(f"{store.root}/")


def _log_all(verified: VerifiedStore, store: Store, log: Log) -> None:
    found = verified.verification
    recipe = ", ".join(f"{name} {value}" for name, value in store.recipe.to_dict().items())
    log(f"{store.folder}: by the recipe {store.recipe.identity}: {recipe}")
    what = "its checksum" if verified.ledger else "those of its source"
    log_all(log, (f"{path}: stored values differ from {what}" for path in found.differing))
    log_all(log, (f"{path}: the source has changed since" for path in found.changed))
    log_all(log, (f"{path}: the source is gone" for path in found.gone))
    log_failures(log, verified.failed)
    log_failures(log, found.unreadable)
    if found.gone and not found.compared:
        log("no source is there; --ledger compares a store with its own checksums")
    if store.failed:
        have = agreeing(len(store.failed), "has", "have")
        of = counted(len(store.listed), "listed image")
        log(f"{len(store.failed)} of {of} {have} no values there")
    if not found.compared:
        log(f"{store.folder}: NOTHING was compared, so that nothing is known of this store")
