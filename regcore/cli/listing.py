"""What a command says of a folder of images before it works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regcore.cli.console import name_failures, tell

if TYPE_CHECKING:
    from regcore.images.listing import Listing


def tell_listing(found: Listing) -> None:
    """Says once on stderr what is left out of a listing, and names what cannot be reached.

    Where `found.broken` is not empty, the command ends with the exit code INCOMPLETE.
    """
    if left_out := found.left_out():
        tell(f"{found.root}: left out beside the {len(found.names)} images: {left_out}")
    name_failures(found.broken)
