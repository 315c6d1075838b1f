"""A line of a store's ledger: what is known of one image."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from msgspec import Meta

from regcore.images.diagnostics import Diagnostic
from regcore.schemas.fields import described, published
from regcore.sources.protocol import below

_Bytes = Annotated[int, Meta(ge=-1, le=(1 << 63) - 1)]
_Row = Annotated[int, Meta(ge=0, lt=1 << 48)]
_XXH3 = Annotated[str, Meta(min_length=16, max_length=16)]
_Warnings = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Orientation = Annotated[int, Meta(ge=0, le=65535)]


class Noticed(NamedTuple):
    """What was noticed of an image, as a Diagnostic has it. Older lines lack the last field."""

    warnings: Annotated[_Warnings, described("Warnings of the decoder.")]
    first_warning: Annotated[str, described("The first of them.")]
    orientation: Annotated[_Orientation, described("EXIF orientation.")]
    clipped: Annotated[bool, described("Whether it has more than 8 bits, which Pillow clips.")] = (
        False
    )


#: The fields of a Record.
LedgerLine = tuple[
    Annotated[
        str,
        described(
            "path: of its source, below the store's source folder; of an image in an archive, the "
            "archive's, then :: and its name there."
        ),
    ],
    Annotated[
        _Bytes,
        described("size: bytes of that file when it was read, -1 where it could not be."),
    ],
    Annotated[
        _Bytes,
        described(
            "mtime_ns: its time of change, -1 where it could not be read; of an image in an "
            "archive, a number made of the archive's size and time and of the image's place."
        ),
    ],
    Annotated[str | None, described("file: of the store, with its values; null where it failed.")],
    Annotated[_Row | None, described("row: of that file; null where it failed.")],
    Annotated[
        Annotated[_XXH3, published(pattern="^[0-9a-f]{16}$")] | None,
        described("checksum: XXH3 of its values; null where it failed."),
    ],
    Annotated[str | None, described("error: why it failed; null where it did not.")],
    Annotated[Noticed | None, described("noticed: null where nothing was.")],
]


class Record(NamedTuple):
    """One image. The fields in this order are a line of the ledger.

    path: of its source, below the store's source folder; size, mtime_ns: of that file when it was
        read, -1 where it could not be.
    file, row: its values are number `row` of that file of the store; both None where it failed.
    checksum: XXH3 of its values, 16 hex digits; None where it failed.
    error: why it failed; None where it did not.
    noticed: None where nothing was.
    """

    path: str
    size: int
    mtime_ns: int
    file: str | None
    row: int | None
    checksum: str | None
    error: str | None
    noticed: Noticed | None

    @property
    def repaired(self) -> bool:
        """Whether the decoder warned of damage."""
        return self.noticed is not None and self.noticed.warnings > 0

    def diagnostic(self, root: str) -> Diagnostic | None:
        """What was noticed, of the image below `root`."""
        return Diagnostic(below(root, self.path), *self.noticed) if self.noticed else None
