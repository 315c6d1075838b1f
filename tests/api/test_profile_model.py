"""regcore.profile_model: the profile of `regcore profile`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api.colour_set import ColourSet

from regcore import UsageError, profile_model
from regcore.api.messages import LoggedInterrupt


@pytest.mark.slow
def test_the_profile_is_measured_and_written(colours: ColourSet, tmp_path: Path) -> None:
    measured: list[str] = []

    class Line:
        def __enter__(self) -> Any:
            return measured.append

        def __exit__(self, *_: object) -> None:
            measured.append("end")

    profiled = profile_model(
        "simulated:5000:10",
        colours.photos,
        batch_sizes=[2, 4],
        seconds=0.02,
        chips=4,
        out=tmp_path / "out",
        workers=1,
        status=Line,
    )
    assert profiled.path == tmp_path / "out" / "profile.json"
    assert json.loads(profiled.path.read_text()) == json.loads(json.dumps(profiled.to_dict()))
    assert [batch.batch_size for batch in profiled.profile.batches] == [2, 4]
    assert profiled.about["recipe_from"] == "default"
    assert measured[0] == "the device alone, batch 2"
    assert measured[-1] == "end"


def test_nothing_is_written_unless_asked_for(colours: ColourSet) -> None:
    before = sorted(colours.folder.rglob("*"))
    profiled = profile_model(
        "simulated:5000:10", colours.photos, seconds=0.01, workers=1, batch_size=3
    )
    assert profiled.path is None
    assert [batch.batch_size for batch in profiled.profile.batches] == [3]
    assert sorted(colours.folder.rglob("*")) == before


def test_ctrl_c_says_what_was_done(colours: ColourSet, tmp_path: Path) -> None:
    @contextmanager
    def stopping() -> Iterator[Callable[[str], object]]:
        def show(what: str) -> None:
            if what == "storage alone":
                raise KeyboardInterrupt

        yield show

    said: list[str] = []
    with pytest.raises(LoggedInterrupt):
        profile_model(
            "simulated:5000:10",
            colours.photos,
            seconds=0.01,
            workers=1,
            out=tmp_path / "out",
            log=said.append,
            status=stopping,
        )
    (message,) = said
    assert message == (
        "interrupted: 2 measurements were done, storage alone was not, and a profile needs all of "
        f"them; {tmp_path / 'out'} is as it was"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_time_that_is_none(colours: ColourSet, seconds: float) -> None:
    with pytest.raises(UsageError, match="seconds must be"):
        profile_model("simulated:5000:10", colours.photos, seconds=seconds)
