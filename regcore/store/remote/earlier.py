"""What earlier runs left behind a URL, and what of it counts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from regcore.errors import DatasetError
from regcore.store.earlier import Earlier
from regcore.store.ledger import LEDGER, Ledger
from regcore.store.manifest import MANIFEST, StoreSpec, TornError
from regcore.store.remote.folder import DESCRIPTION, RemoteFolder
from regcore.store.remote.parts import read_parts
from regcore.store.remote.reading import read_remote_ledger, read_remote_manifest

_ADVICE = "--force starts anew, and deletes what is there"
_Found = TypeVar("_Found")


def read_remote_earlier(
    files: RemoteFolder, there: Collection[str], *, force: bool = False
) -> Earlier:
    """What earlier runs left. there: the names of all files.

    Records count only where it is known by which recipe the images were made: those of the ledger
    with the manifest that was written for it, those of portions with their own description.
    Raises DatasetError where something is damaged. With `force` what is damaged is left out, and a
    ledger without its manifest says at least which files are a store's.
    """

    def of(name: str, read: Callable[[], _Found], nothing: _Found) -> _Found:
        if name not in there:
            return nothing
        try:
            return read()
        except TornError:
            return nothing
        except DatasetError as error:
            if force:
                return nothing
            raise DatasetError(f"{error}; {_ADVICE}") from error

    manifest = of(MANIFEST, lambda: read_remote_manifest(files), None)
    begun = of(DESCRIPTION, lambda: read_description(files), None)
    ledger, found = Ledger(), ""
    if manifest is not None or force:
        ledger, found = of(LEDGER, lambda: read_remote_ledger(files), (ledger, found))
    parts = of(DESCRIPTION, lambda: read_parts(files, there, begun), Ledger())
    proven = manifest is not None and manifest.is_of(len(ledger), found)
    if not proven and not force:
        ledger = Ledger()
    traces = bool({MANIFEST, LEDGER, DESCRIPTION} & set(there))
    return Earlier(manifest, ledger, parts, begun, proven=proven or not len(ledger), traces=traces)


def read_description(files: RemoteFolder) -> StoreSpec | None:
    """What the store in the making there will be; None where there is none."""
    text = files.read(DESCRIPTION)
    return None if text is None else StoreSpec.read(text, files.called(DESCRIPTION))
