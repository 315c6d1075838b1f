"""What the making of a store did, or would do."""

from __future__ import annotations

from dataclasses import dataclass

from regcore.errors import DecodeError
from regcore.images.diagnostics import Diagnostic


@dataclass(frozen=True)
class StoreSummary:
    """What a run did.

    kept: images from earlier runs, verified unless they are `unread`: behind a URL their files are
    only known to be there, with their sizes; written: images of this run; errors: the others.
    diagnostics: images kept or written, but damaged, rotated or clipped.
    seconds: of writing, wall time; verify_seconds: of verifying what was there; stage_seconds: of
    the workers together in each stage of writing.
    """

    kept: int
    written: int
    errors: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    verify_seconds: float
    stage_seconds: dict[str, float]
    unread: bool = False

    @property
    def images_per_s(self) -> float:
        """Images written per second of writing."""
        return self.written / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class StorePlan:
    """What a run would do: bytes of all values, and of those in files that are there already.

    unread: whether these would be kept by their sizes, not verified.
    """

    files: int
    needed: int
    there: int
    unread: bool = False
