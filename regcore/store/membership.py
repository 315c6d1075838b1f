"""Value files that are named one by one: what the stores in which they lie know of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.recipes.recipe import Recipe
from regcore.store.ledger_file import read_ledger
from regcore.store.manifest import Manifest, check_recipe


def check_stored(files: Sequence[str], recipe: Recipe) -> NDArray[np.uint64]:
    """XXH3 of the values in each of the files, 0 for those that are in no whole store.

    A store is looked for in the folder of each file and in those above it. Raises MismatchError
    where one was made by another recipe, DatasetError where its ledger is damaged.
    """
    found = np.zeros(len(files), np.uint64)
    stores: dict[str, dict[str, int]] = {}
    roots: dict[str, str | None] = {}
    for place, file in enumerate(files):
        folder = os.path.dirname(file)  # noqa: PTH120  (a million times)
        if folder not in roots:
            roots[folder] = _root_of(folder, stores, recipe)
        root = roots[folder]
        if root is not None:
            found[place] = stores[root].get(os.path.relpath(file, root), 0)
    return found


def _root_of(folder: str, stores: dict[str, dict[str, int]], recipe: Recipe) -> str | None:
    """The folder of the nearest store; its checksums by file are in `stores` then."""
    for root in (Path(folder), *Path(folder).absolute().parents):
        if str(root) in stores:
            return str(root)
        try:
            manifest = Manifest.read(root)
        except DatasetError:
            continue  # a manifest.json of something else
        if manifest is not None:
            check_recipe(manifest.description.recipe, recipe, root)
            ledger = read_ledger(root, manifest)
            listed = zip(ledger.files, ledger.checksums().tolist(), strict=True)
            stores[str(root)] = {file: value for file, value in listed if file is not None}
            return str(root)
    return None
