"""Stores in a bucket, with s3fs and a server of S3's interface."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oracles import jpeg, photo_like
from store_forms import FORMS, RECIPE, content

from regcore import DatasetError, OutputError, Preprocessor, RegcoreError, open_store
from regcore.sources.spelling import open_source
from regcore.store.manifest_form import StoreLayout
from regcore.store.portions import take_portion
from regcore.store.remote import folder as remote
from regcore.store.remote.folder import DESCRIPTION, RemoteFolder
from regcore.store.writer import write_store

s3fs = pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")
# Both leave sockets open.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def system(endpoint: str) -> Any:
    """A file system with a bucket `photos`."""
    made = s3fs.S3FileSystem(key="key", secret="secret", endpoint_url=endpoint)  # noqa: S106
    if not made.exists("photos"):
        made.mkdir("photos")
    return made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(9):
        (folder / f"{i}.jpg").write_bytes(jpeg(photo_like(50 + i, 60 - i, i)))
    return folder


def write(photos: Path, place: Any, form: StoreLayout, **how: Any) -> Any:
    source = open_source(photos)
    recipe = how.pop("recipe", RECIPE)
    return write_store(Preprocessor(recipe, workers=1), source, source.names, place, form, **how)


@FORMS
def test_a_store_in_a_bucket(
    photos: Path, tmp_path: Path, system: Any, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = (system, f"photos/{uuid.uuid4().hex}")
    monkeypatch.setattr("regcore.store.maker.PORTION", 4)
    write(photos, tmp_path / "alone", form)
    counted: list[object] = []

    def take(*arguments: Any) -> None:
        counted.append(arguments)
        if len(counted) == 2:
            raise KeyboardInterrupt
        take_portion(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("regcore.store.maker.take_portion", take)
        with pytest.raises(KeyboardInterrupt):
            write(photos, place, form)
    with pytest.raises(DatasetError, match=r"s3://photos/.*its making was interrupted"):
        open_store(place)
    summary = write(photos, place, form)
    assert summary.kept > 0
    there = {
        path.removeprefix(f"{place[1]}/"): system.cat_file(path) for path in system.find(place[1])
    }
    assert there == content(tmp_path / "alone")
    store, local = open_store(place, recipe=RECIPE), open_store(tmp_path / "alone")
    assert (store[:] == local[:]).all()
    assert all((store[name] == local[name]).all() for name in local.names)
    file = str(store.file(1)).removeprefix("s3://")
    system.pipe_file(file, system.cat_file(file)[:-1])
    with pytest.raises(DatasetError, match=rf"s3://{file}"):
        open_store(place)[:]
    system.rm_file(file)
    with pytest.raises(DatasetError, match=rf"s3://{file}"):
        open_store(place)[:]
    assert write(photos, place, form).written > 0
    assert (open_store(place)[:] == local[:]).all()


def test_what_is_missing_is_named(
    photos: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_PAUSE", 0.0)
    form = StoreLayout()
    stranger = s3fs.S3FileSystem(key="k", secret="s", endpoint_url=endpoint)  # noqa: S106
    with pytest.raises(OutputError, match=r"^s3://nobodys-bucket/.*: cannot write: .*bucket"):
        write(photos, (stranger, "nobodys-bucket/store"), form)
    assert not stranger.exists("nobodys-bucket")  # nobody asked for a new one
    with pytest.raises(DatasetError, match=r"^s3://nobodys-bucket/store: no manifest\.json"):
        open_store((stranger, "nobodys-bucket/store"))
    closed = s3fs.S3FileSystem(
        key="k",
        secret="s",  # noqa: S106
        endpoint_url="http://127.0.0.1:9",
        config_kwargs={"retries": {"max_attempts": 0}, "connect_timeout": 1},
        retries=0,
        skip_instance_cache=True,
    )
    with pytest.raises(RegcoreError, match=r"^s3://photos/store.*: cannot read: "):
        open_store((closed, "photos/store"))


def test_the_first_of_two_that_begin_has_the_folder(system: Any) -> None:
    files = RemoteFolder((system, f"photos/{uuid.uuid4().hex}"))
    files.create(DESCRIPTION, b"the first")
    with pytest.raises(FileExistsError):
        system.pipe_file(f"{files.url}/{DESCRIPTION}", b"the second", mode="create")
    files.create(DESCRIPTION, b"the second")
    assert files.read(DESCRIPTION) == b"the first"
