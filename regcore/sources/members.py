"""Which members of an archive are images, and which say their labels."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, DecodeError, first_line
from regcore.images.image_names import is_companion_name, is_image_name
from regcore.images.listing import LeftOut

#: The integer label of a sample by WebDataset's rule, and the keys of one in its JSON.
_LABEL_SUFFIXES = ("cls", "json")
_JSON_KEYS = ("label", "cls", "class_id")
_LONGEST_LABEL = 1 << 20  # bytes
_TOO_LARGE = 1 << 31

#: Reads the member at a place, which has at most so many bytes.
ReadMember = Callable[[int, int], bytes]


@dataclass
class Members:
    """The images of an archive.

    names: of the images, clean, in the archive's order; places: of each among all its members.
    label_places: by the suffix and the key, the place of the first member with the label.
    more_labels: the places of the others where a key has several, as of `x.1.jpg` and `x.2.jpg`.
    """

    names: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    label_places: dict[str, dict[str, int]] = field(
        default_factory=lambda: {suffix: {} for suffix in _LABEL_SUFFIXES}
    )
    more_labels: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    broken: list[DecodeError] = field(default_factory=list)
    unknown: LeftOut = field(default_factory=LeftOut)

    def labels(self, archive: str, read: ReadMember) -> NDArray[np.int64] | None:
        """The label of each image, from the member of the same key; None where no image has one.

        Raises DatasetError where only some have one, or where one is no label or cannot be read.
        """
        keys = [sample_key(name) for name in self.names]
        suffixes = [self._suffix(key) for key in keys]
        unlabelled = [
            name for name, suffix in zip(self.names, suffixes, strict=True) if suffix is None
        ]
        if len(unlabelled) == len(self.names):
            return None
        if unlabelled:
            raise DatasetError(
                f"{archive}: {len(unlabelled)} of {counted(len(self.names), 'image')} "
                f"{agreeing(len(unlabelled), 'has', 'have')} no label there, "
                f"the first is {unlabelled[0]}"
            )
        found = [
            self._said(archive, suffix, key, read)
            for suffix, key in zip(suffixes, keys, strict=True)
            if suffix is not None
        ]
        if all(label is None for label in found):
            return None
        if None in found:
            raise DatasetError(f"{archive}: {keys[found.index(None)]} says no label, others do")
        return np.array(found, np.int64)

    def add_label(self, suffix: str, key: str, place: int) -> None:
        """Notes the place of a member with a label."""
        if self.label_places[suffix].setdefault(key, place) != place:
            self.more_labels.setdefault((suffix, key), []).append(place)

    def _suffix(self, key: str) -> str | None:
        return next(
            (suffix for suffix in _LABEL_SUFFIXES if key in self.label_places[suffix]), None
        )

    def _said(self, archive: str, suffix: str, key: str, read: ReadMember) -> int | None:
        places = [self.label_places[suffix][key], *self.more_labels.get((suffix, key), ())]
        labels = {_label(archive, key, read, place) for place in places} - {None}
        if len(labels) > 1:
            raise DatasetError(
                f"{archive}: {len(places)} members {key}*.{suffix} give different labels, so that "
                "nobody knows which is meant"
            )
        return labels.pop() if labels else None


def sample_key(name: str) -> str:
    """What the members of one sample share, by WebDataset's rule: the name up to its first dot."""
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]


def image_members(archive: str, names: Sequence[str]) -> Members:
    """Sorts the members of an archive by their names.

    Raises DatasetError, which names both, where two images have one name: nobody could tell which
    of them is meant.
    """
    found = Members()
    for place, raw in enumerate(names):
        name = raw if _is_clean(raw) else _cleaned(raw)
        suffix = name.rpartition(".")[2].lower()
        if name.rpartition("/")[2].startswith(".") or name.startswith("__MACOSX/"):
            continue
        if is_image_name(name):
            if name.startswith("../") or "\0" in name:
                found.broken.append(DecodeError(f"{archive}::{raw}", "leads out of the archive"))
                continue
            found.names.append(name)
            found.places.append(place)
        elif suffix in _LABEL_SUFFIXES:
            found.add_label(suffix, sample_key(name), place)
        elif not is_companion_name(name):
            found.unknown.add(f"{archive}::{name}")
    check_once(archive, found.names)
    return found


def check_once(archive: str, names: Sequence[str]) -> None:
    """Raises DatasetError where two images of an archive have one name."""
    if len(set(names)) != len(names):
        name, count = Counter(names).most_common(1)[0]
        raise DatasetError(
            f"{archive}: {count} members have the name {name}, so that nobody knows which is meant"
        )


def _is_clean(name: str) -> bool:
    return not name.startswith((".", "/")) and "//" not in name and "/." not in name


def _cleaned(name: str) -> str:
    return posixpath.normpath(name.lstrip("/")) if name.strip("/") else name


def _label(archive: str, key: str, read: ReadMember, place: int) -> int | None:
    """None where the JSON of a sample says no label at all."""
    try:
        content = read(place, _LONGEST_LABEL)
    except Exception as error:  # each archive has errors of its own
        raise DatasetError(
            f"{archive}: the label of {key} cannot be read: {first_line(error)}"
        ) from error
    try:
        if content.lstrip()[:1] == b"{":
            sample = msgspec.json.decode(content, type=dict[str, object])
            value = next((sample[k] for k in _JSON_KEYS if sample.get(k) is not None), None)
            if value is None:
                return None
        else:
            value = int(content)
    except (ValueError, msgspec.DecodeError):
        value = None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _TOO_LARGE:
        raise DatasetError(f"{archive}: the label of {key} is no number of a class")
    return value
