"""What counts as an image by its name, wherever photos are listed."""

from __future__ import annotations

import pytest

from regcore.images.image_names import is_companion_name, is_image_name
from regcore.sources.members import image_members


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "x/y.z/b.Png", "a b.tif", ".hidden.webp"])
def test_images(name: str) -> None:
    assert is_image_name(name)
    assert not is_companion_name(name)


@pytest.mark.parametrize("name", ["jpg", "x/jpg", ".jpg", "a.jpg.part", "a.jpg/b", "", "a.heic"])
def test_no_images(name: str) -> None:
    assert not is_image_name(name)


@pytest.mark.parametrize("name", ["a.json", "x/README", "licence.TXT", "Makefile", "SHA256SUMS"])
def test_what_lies_beside_images(name: str) -> None:
    assert is_companion_name(name)
    assert not is_image_name(name)


def test_members_of_an_archive_follow_the_same_rule() -> None:
    found = image_members("a.tar", ["x/jpg", "x/README", "x/a.jpg", "x/b.heic"])
    assert found.names == ["x/a.jpg"]
    assert [*found.unknown.first] == ["a.tar::x/jpg", "a.tar::x/b.heic"]
