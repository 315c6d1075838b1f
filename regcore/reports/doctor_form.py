"""What a doctor has found as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from regcore.schemas import Format
from regcore.schemas.fields import Count, described
from regcore.schemas.recipe_form import RecipeForm
from regcore.trust.doctor.findings import MachineFound, PeerFound, RuntimeFound
from regcore.trust.doctor.requirements import Required


@dataclass(frozen=True)
class DoctorForm:
    """Which installed libraries give Pillow's pixels, what runs models here, and the machine."""

    format: Format
    version: Annotated[str, described("As `regcore --version` prints it.")]
    simd_levels: Annotated[list[str], described("Those of this machine, slowest first.")]
    pictures: Annotated[Count, described("That every library got.")]
    recipe: Annotated[RecipeForm, described("What was made of them.")]
    peers: Annotated[list[PeerFound], described("Libraries that decode or resize.")]
    runtimes: Annotated[list[RuntimeFound], described("What runs models.")]
    machine: Annotated[MachineFound | None, described("Null where it was left out.")]
    required: Annotated[list[Required], described("What --require asked for.")]
