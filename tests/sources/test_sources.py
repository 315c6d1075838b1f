"""Every source has the same images, names and labels; and what its stores and scores keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kept_photos import KINDS, keep, some_photos
from oracles import assert_same_bytes

from regcore import Preprocessor, Recipe
from regcore.errors import DatasetError
from regcore.sources.archive import ArchiveSource
from regcore.sources.spelling import open_source, source_of

RECIPE = Recipe(resize=40, crop=32, dtype="uint8")
PHOTOS = some_photos(18)


@pytest.fixture(params=KINDS)
def spelled(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return keep(tmp_path / "kept", request.param, PHOTOS)


def members(names: list[str]) -> list[str]:
    return [name.rpartition("::")[2] for name in names]


def test_images_names_and_labels_are_those_that_were_put_in(spelled: str) -> None:
    preprocessor = Preprocessor(RECIPE, workers=3)
    by_name = {name: (content, label) for name, content, label in PHOTOS}
    with open_source(spelled) as source:
        names = members(list(source.names))
        assert sorted(names) == sorted(by_name)
        labels = source.labels()
        assert labels is not None
        assert labels.tolist() == [by_name[name][1] for name in names]
        assert_same_bytes(
            preprocessor(source.read()), preprocessor([by_name[name][0] for name in names])
        )
        assert repr(source) == (f"<{type(source).__name__} {source.root!r}: {len(PHOTOS)} images>")
        versions = source.versions()
        assert len({*map(tuple, versions.tolist())}) == len(PHOTOS)
        assert (versions >= 0).all()


def test_a_choice_in_any_order_is_these_images(spelled: str) -> None:
    preprocessor = Preprocessor(RECIPE, workers=2)
    with open_source(spelled) as source:
        everything = preprocessor(source.read())
        places = [11, 3, 3, 12, 0, 17, 5]
        assert_same_bytes(preprocessor(source.read(places)), everything[places])
        chosen = source.chosen([source.names[place] for place in (16, 2, 9)])
        assert_same_bytes(preprocessor(chosen.read()), everything[[16, 2, 9]])
        assert chosen.versions().tolist() == source.versions()[[16, 2, 9]].tolist()


def test_the_names_of_archives_are_gone_through_once_for_many_choices(tmp_path: Path) -> None:
    rounds: list[object] = []

    class Names(list[str]):
        def __iter__(self) -> Iterator[str]:
            rounds.append(self)
            return super().__iter__()

    with open_source(keep(tmp_path / "kept", "tar", PHOTOS)) as source:
        assert isinstance(source, ArchiveSource)
        names = list(source.names)
        source.names = Names(names)
        for archive in source.archives:
            archive.names = Names(archive.names)
        for name in names:
            assert source.chosen([name]).names == [name]
        assert len(rounds) == 1


def test_the_same_items_can_be_read_again(spelled: str) -> None:
    preprocessor = Preprocessor(RECIPE, workers=2)
    with open_source(spelled) as source:
        items = source.read()
        assert_same_bytes(preprocessor(items), preprocessor([*items[::-1]])[::-1])


def test_a_source_is_found_again_by_its_names(spelled: str) -> None:
    with open_source(spelled) as source:
        wanted = [source.names[5], source.names[0]]
        with source_of(source.root, wanted) as again:
            assert list(again.names) == wanted
            assert again.versions().tolist() == source.versions()[[5, 0]].tolist()
            gone = source_of(source.root, [*wanted, f"{wanted[0]}.gone"])
            assert [gone.is_gone(place) for place in range(3)] == [False, False, True]
            errors = []
            with Preprocessor(RECIPE).stream(gone.read(), 4, on_error="report") as stream:
                for batch in stream:
                    errors += [str(error) for error in batch.errors]
            assert errors == [f"{source.path(5)}.gone: there is no such member"]
            gone.close()


def test_large_parquet_groups_are_read_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spelled = keep(tmp_path / "kept", "parquet", PHOTOS)
    from regcore.sources import parquet

    with open_source(spelled) as source:
        expected = Preprocessor(RECIPE)(source.read())
    from kept_photos import write_parquet

    write_parquet(tmp_path / "large.parquet", PHOTOS, row_group_size=1000)
    monkeypatch.setattr(parquet, "_LARGE_GROUP", 1)
    monkeypatch.setattr(parquet, "_PORTION", 4000)
    with open_source(tmp_path / "large.parquet") as source:
        for places in (list(range(18)), [0, 7, 8, 17], [17, 0, 16, 1]):
            found = Preprocessor(RECIPE, workers=4)(source.read(places))
            assert_same_bytes(found, expected[places])


def test_an_archive_that_is_replaced_while_it_is_open_gives_no_image(spelled: str) -> None:
    with open_source(spelled) as source:
        for file in source.files():
            content = file.read_bytes()
            file.write_bytes(content)
        assert (source.versions() == -1).all()
        errors = []
        with Preprocessor(RECIPE).stream(source.read(), 4, on_error="report") as stream:
            for batch in stream:
                assert not len(batch.indices)
                errors += [error.detail for error in batch.errors]
        assert set(errors) == {"its archive is another one since it was listed"}
        assert len(errors) == len(PHOTOS)


def test_versions_tell_images_of_a_changed_archive(tmp_path: Path) -> None:
    spelled = keep(tmp_path / "kept", "tar", PHOTOS)
    with open_source(spelled) as source:
        before = source.versions()
    changed = [*PHOTOS[:3], (PHOTOS[3][0], PHOTOS[3][1] + b"\0", 3), *PHOTOS[4:9]]
    KINDS["tar"].write(tmp_path / "kept" / "s-0.tar", changed)
    with open_source(spelled) as source:
        after = source.versions()
    assert np.array_equal((before != after).any(axis=1), np.arange(18) < 9)


def test_a_folder_of_archives_says_how_to_name_them(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no images in this folder") as caught:
        open_source(tmp_path)
    assert "archives are" not in str(caught.value)
    (tmp_path / "part-0.tar").touch()
    with pytest.raises(DatasetError, match=r"archives are named themselves: '.*/\*\.tar'$"):
        open_source(tmp_path)
