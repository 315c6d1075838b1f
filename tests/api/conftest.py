"""The fixture of the tests of regcore.api."""

from __future__ import annotations

from pathlib import Path

import pytest
from api.colour_set import ColourSet, make_colour_set


@pytest.fixture
def colours(tmp_path: Path) -> ColourSet:
    return make_colour_set(tmp_path)
