"""Stores behind URLs: those of a folder, byte for byte, whatever happens to the file system."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from buckets import Buckets
from oracles import jpeg, photo_like
from store_forms import FILES, FORMS, PACKS, RECIPE, content

from regcore import (
    DatasetError,
    MismatchError,
    OutputError,
    Preprocessor,
    RegcoreError,
    Store,
    UsageError,
    open_store,
)
from regcore.errors import BackendError
from regcore.sources.spelling import open_source
from regcore.store import maker
from regcore.store.interruption import StoreInterruptedError
from regcore.store.manifest_form import StoreLayout
from regcore.store.portions import MadePortion, take_portion
from regcore.store.remote import folder as remote
from regcore.store.remote import target
from regcore.store.remote.earlier import read_description
from regcore.store.remote.folder import RemoteFolder
from regcore.store.remote.values import RemoteValues
from regcore.store.summary import StoreSummary
from regcore.store.writer import plan_store, write_store

fsspec = pytest.importorskip("fsspec")
DirFileSystem = pytest.importorskip("fsspec.implementations.dirfs").DirFileSystem

COUNT = 23
BAD = "07.jpg"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small JPEGs, and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for i in range(COUNT):
        (folder / f"{i:02}.jpg").write_bytes(jpeg(photo_like(50 + i, 60 - i, i)))
    (folder / BAD).write_bytes(b"no photo")
    return folder


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions, requests and pauses so small that there are several of them."""
    monkeypatch.setattr(maker, "PORTION", 5)
    monkeypatch.setattr(remote, "_PAUSE", 0.0)
    monkeypatch.setattr("regcore.store.remote.values._REQUEST", 1000)
    monkeypatch.setattr("regcore.store.remote.values._TOGETHER", 3000)


@pytest.fixture
def bucket(tmp_path: Path) -> Buckets:
    return Buckets(str(tmp_path / "bucket"))


@pytest.fixture(params=["bucket", "memory", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Where a store can be."""
    if request.param == "bucket":
        yield Buckets(str(tmp_path / "bucket")), "b/store"
    elif request.param == "file":
        yield f"file://{tmp_path}/remote/store"
    else:
        url = f"memory://{uuid.uuid4().hex}/store"
        yield url
        fsspec.filesystem("memory").rm(url.rpartition("/")[0], recursive=True)


def write(photos: Path, place: Any, form: StoreLayout = FILES, **how: Any) -> StoreSummary:
    source = open_source(photos)
    recipe = how.pop("recipe", RECIPE)
    return write_store(Preprocessor(recipe, workers=2), source, source.names, place, form, **how)


def alone(photos: Path, tmp_path: Path, form: StoreLayout) -> dict[str, bytes]:
    write(photos, tmp_path / "alone", form)
    return content(tmp_path / "alone")


def everything(place: Any) -> dict[str, bytes]:
    """Every file there, also of the writers."""
    files = RemoteFolder(place)
    return {name: files.read(name) or b"" for name in files.sizes()}


def every_image(store: Store) -> list[Any]:
    found = [store[place] for place in range(len(store))]
    found += [store[name] for name in store.names]
    found += [*store[:], *store[3:20:2], *store[::-1]]
    found += [image for batch in store.batches(3, ahead=2) for image in batch.images]
    found += [image for pack in store.packs for image in pack]
    return found


@FORMS
def test_it_is_that_of_a_folder(
    photos: Path, tmp_path: Path, place: Any, form: StoreLayout
) -> None:
    wanted = alone(photos, tmp_path, form)
    made = write(photos, place, form)
    assert everything(place) == wanted
    assert (made.kept, made.written, len(made.errors)) == (0, COUNT - 1, 1)
    store, local = open_store(place, recipe=RECIPE), open_store(tmp_path / "alone")
    for verified in (store, open_store(place, verify=False)):
        for image, same in zip(every_image(verified), every_image(local), strict=True):
            np.testing.assert_array_equal(image, same)
    assert store.names == local.names
    assert store.failed == local.failed
    assert store.folder == RemoteFolder(place).url
    assert str(store.file(0)) == f"{store.folder}/{local.record(0).file}"
    assert repr(store).startswith(f"<Store {store.folder!r}: {COUNT - 1} images of")
    again = write(photos, place, form)
    assert (again.kept, again.written, len(again.errors)) == (COUNT - 1, 0, 1)
    assert everything(place) == wanted


def test_what_the_workers_spend_is_counted_once(photos: Path, bucket: Buckets) -> None:
    source, preprocessor = open_source(photos), Preprocessor(RECIPE, workers=1)
    write_store(preprocessor, source, source.names, (bucket, "b/first"))
    before = preprocessor.stage_seconds()
    summary = write_store(preprocessor, source, source.names, (bucket, "b/store"))
    spent = {stage: now - before[stage] for stage, now in preprocessor.stage_seconds().items()}
    assert summary.stage_seconds == pytest.approx(spent)


def interrupt_at_second(patch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after two portions were put, of which one was counted."""
    counted: list[object] = []

    def take(*arguments: Any) -> None:
        counted.append(arguments)
        if len(counted) == 2:
            raise KeyboardInterrupt
        take_portion(*arguments)

    patch.setattr(maker, "take_portion", take)


@FORMS
def test_an_interrupted_one_goes_on(
    photos: Path, tmp_path: Path, place: Any, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_at_second(patch)
        with pytest.raises(KeyboardInterrupt):
            write(photos, place, form)
    with pytest.raises(DatasetError, match=r"//.*its making was interrupted"):
        open_store(place)
    planned = plan_store(Preprocessor(RECIPE), photos, open_source(photos).names, place, form)
    assert 0 < planned.there < planned.needed
    summary = write(photos, place, form)
    assert summary.kept > 0
    assert summary.written > 0
    assert everything(place) == alone(photos, tmp_path, form)


@FORMS
def test_puts_that_fail_are_tried_again(photos: Path, tmp_path: Path, form: StoreLayout) -> None:
    faulty = Buckets(str(tmp_path / "bucket"), resets=2)
    write(photos, (faulty, "b/store"), form)
    assert list(faulty.uploads.iterdir())  # which nobody sees
    assert faulty.content("b/store") == alone(photos, tmp_path, form)


def test_a_file_system_that_refuses(photos: Path, tmp_path: Path) -> None:
    closed = Buckets(str(tmp_path / "bucket"), refuses=True)
    with pytest.raises(OutputError, match=r"^s3://b/store/.*: cannot write: Access Denied"):
        write(photos, (closed, "b/store"))
    failing = Buckets(str(tmp_path / "bucket"), resets=9)
    with pytest.raises(OutputError, match=r"cannot write: the connection was reset"):
        write(photos, (failing, "b/store"))
    assert failing.content("b/store") == {}
    with pytest.raises(BackendError, match=r"^nosuch://b/store: fsspec cannot open it"):
        write(photos, "nosuch://b/store")
    with pytest.raises(BackendError, match=r"^nosuch://b/store: fsspec cannot open it"):
        open_store("nosuch://b/store")


def test_a_list_that_cannot_be_had(
    photos: Path, bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("Unable to locate credentials")

    write(photos, (bucket, "b/store"))
    for name in ("find", "cat_file"):
        monkeypatch.setattr(bucket, name, refuse)
    for use in (
        lambda: write(photos, (bucket, "b/store")),
        lambda: open_store((bucket, "b/store")),
    ):
        with pytest.raises(RegcoreError, match=r"^s3://b/store.*: cannot read: Unable to locate"):
            use()


@FORMS
def test_an_object_that_vanishes_is_made_again(
    photos: Path, tmp_path: Path, form: StoreLayout
) -> None:
    file = "09.bin" if form is FILES else "pack-00001.bin"
    losing = Buckets(str(tmp_path / "bucket"), vanishes=file)
    with pytest.raises(OutputError, match=rf"store/{file}: was put, but is not there; the same"):
        write(photos, (losing, "b/store"), form)
    with pytest.raises(DatasetError, match="its making was interrupted"):
        open_store((losing, "b/store"))
    summary = write(photos, (losing, "b/store"), form)
    assert summary.kept > 0
    assert losing.content("b/store") == alone(photos, tmp_path, form)


@FORMS
def test_lists_that_lack_some_double_nothing(
    photos: Path, tmp_path: Path, form: StoreLayout
) -> None:
    forgetful = Buckets(str(tmp_path / "bucket"), hides=".bin")
    for _ in range(2):
        summary = write(photos, (forgetful, "b/store"), form)
        assert (summary.kept, summary.written) == (0, COUNT - 1)
        assert forgetful.content("b/store") == alone(photos, tmp_path, form)


@FORMS
@pytest.mark.parametrize("damage", ["cut", "longer", "gone", "other"])
def test_damage_is_named_and_mended(
    photos: Path, tmp_path: Path, bucket: Buckets, form: StoreLayout, damage: str
) -> None:
    write(photos, (bucket, "b/store"), form)
    wanted = bucket.content("b/store")
    file = bucket.place(f"b/store/{'03.bin' if form is FILES else 'pack-00000.bin'}")
    values = file.read_bytes()
    file.unlink()
    if damage != "gone":
        other = bytes(100) + values[100:]
        file.write_bytes({"cut": values[:-1], "longer": values + b"x"}.get(damage, other))
    store = open_store((bucket, "b/store"))
    kind = MismatchError if damage == "other" else DatasetError
    with pytest.raises(kind, match=r"s3://b/store/(03|pack-00000)\.bin"):
        every_image(store)
    summary = write(photos, (bucket, "b/store"), form, force=damage == "other")
    assert summary.written > 0
    assert bucket.content("b/store") == wanted


def test_manifest_and_ledger_of_two_stores(photos: Path, bucket: Buckets) -> None:
    write(photos, (bucket, "b/store"))
    bucket.place("b/store/images.jsonl").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"s3://b/store/images\.jsonl: not the ledger that"):
        open_store((bucket, "b/store"))
    bucket.place("b/store/manifest.json").write_bytes(b"{")
    with pytest.raises(DatasetError, match=r"s3://b/store/manifest\.json: not a whole manifest"):
        open_store((bucket, "b/store"))
    assert write(photos, (bucket, "b/store")).written == COUNT - 1
    bucket.place("b/store/manifest.json").write_bytes(b'{"format": "something else"}')
    with pytest.raises(DatasetError, match=r"manifest\.json.*; --force starts anew"):
        write(photos, (bucket, "b/store"))
    assert write(photos, (bucket, "b/store"), force=True).written == COUNT - 1


@pytest.mark.parametrize("damaged", ["manifest.json", "images.jsonl"])
def test_force_takes_what_is_not_damaged(
    photos: Path, tmp_path: Path, bucket: Buckets, damaged: str
) -> None:
    """The other file says which files are a store's, or that there is one at all."""
    write(photos, (bucket, "b/store"), PACKS if damaged == "manifest.json" else FILES)
    bucket.place(f"b/store/{damaged}").write_bytes(b'{"format": "something else"}\n')
    with pytest.raises(DatasetError, match=rf"{damaged}.*; --force starts anew"):
        write(photos, (bucket, "b/store"))
    assert write(photos, (bucket, "b/store"), force=True).written == COUNT - 1
    assert bucket.content("b/store") == alone(photos, tmp_path, FILES)


def test_names_that_lead_outside(photos: Path, bucket: Buckets) -> None:
    write(photos, (bucket, "b/store"))
    ledger = bucket.place("b/store/images.jsonl")
    ledger.write_bytes(ledger.read_bytes().replace(b'"00.bin"', b'"../x.bin"'))
    manifest = bucket.place("b/store/manifest.json")
    form = json.loads(manifest.read_text())
    files = RemoteFolder((bucket, "b/store"))
    from regcore.store.remote.reading import read_remote_ledger

    form["ledger_checksum"] = read_remote_ledger(files)[1]
    manifest.write_text(json.dumps(form))
    with pytest.raises(DatasetError, match="which is not inside"):
        open_store((bucket, "b/store"))[0]


def test_what_is_there_already(photos: Path, tmp_path: Path, bucket: Buckets) -> None:
    place = (bucket, "b/store")
    bucket.pipe_file("b/store/00.bin", b"somebody's")
    with pytest.raises(UsageError, match=r"s3://b/store holds 1 \.bin file that no store here"):
        write(photos, place)
    bucket.pipe_file("b/store/strange.bin", b"somebody's")
    with pytest.raises(UsageError, match=r"s3://b/store holds 1 other \.bin file"):
        write(photos, place, force=True)
    bucket.rm_file("b/store/strange.bin")
    bucket.pipe_file("b/store/notes.txt", b"somebody's")
    write(photos, place, force=True)
    assert bucket.content("b/store").pop("notes.txt") == b"somebody's"
    other = RECIPE.in_form("float32")
    with pytest.raises(MismatchError, match=r"s3://b/store was made by another recipe"):
        write(photos, place, recipe=other)
    with pytest.raises(UsageError, match=r"holds 23 images that are not listed now"):
        write_store(Preprocessor(RECIPE), photos, ["a.jpg"], place)
    write(photos, place, PACKS, recipe=other, force=True)
    write(photos, tmp_path / "alone", PACKS, recipe=other)
    assert {**content(tmp_path / "alone"), "notes.txt": b"somebody's"} == bucket.content("b/store")


def test_a_changed_source_is_made_again(photos: Path, tmp_path: Path, bucket: Buckets) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in photos.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    write(copy, (bucket, "b/store"))
    (copy / "03.jpg").write_bytes(jpeg(photo_like(90, 90, 5)))
    (copy / "04.jpg").write_bytes(b"no photo any more")
    summary = write(copy, (bucket, "b/store"))
    assert (summary.kept, summary.written, len(summary.errors)) == (COUNT - 3, 1, 2)
    write(copy, tmp_path / "alone")
    assert bucket.content("b/store") == content(tmp_path / "alone")


def while_made(bucket: Buckets, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts once when the first value is about to be put."""
    put, done = Buckets.put_file, []

    def putting(self: Buckets, lpath: str, rpath: str, **how: Any) -> None:
        if not done and self is bucket:
            done.append(rpath)
            act()
        put(self, lpath, rpath, **how)

    monkeypatch.setattr(Buckets, "put_file", putting)


def test_another_store_that_somebody_begins_there(
    photos: Path, tmp_path: Path, bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RECIPE.in_form("float32")
    rival = Buckets(str(tmp_path / "bucket"))
    while_made(
        bucket,
        lambda: write(photos, (rival, "b/store"), recipe=other, force=True),
        monkeypatch,
    )
    with pytest.raises((RegcoreError, OutputError), match=r"s3://b/store.*(another process|put)"):
        write(photos, (bucket, "b/store"))
    # A value of the first is among those of the other: that shows, and nothing is counted twice.
    store = open_store((rival, "b/store"))
    assert store.recipe == other
    with pytest.raises((DatasetError, MismatchError), match=r"s3://b/store/"):
        store[:]
    write(photos, (rival, "b/store"), recipe=other)
    write(photos, tmp_path / "alone", recipe=other)
    assert rival.content("b/store") == content(tmp_path / "alone")


@FORMS
def test_the_same_store_written_twice_at_once(
    photos: Path, tmp_path: Path, bucket: Buckets, form: StoreLayout
) -> None:
    errors: list[BaseException] = []

    def one() -> None:
        try:
            write(photos, (Buckets(str(tmp_path / "bucket")), "b/store"), form)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert bucket.content("b/store") == alone(photos, tmp_path, form)


def test_records_of_another_store_count_for_nothing(
    photos: Path, tmp_path: Path, bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that outlives its run may put what it made where another store was begun."""
    place = (bucket, "b/store")
    old = RECIPE.in_form("uint8", "nhwc")
    with monkeypatch.context() as patch:
        interrupt_at_second(patch)
        with pytest.raises(KeyboardInterrupt):
            write(photos, place, recipe=old)
        interrupt_at_second(patch)
        late = {n: c for n, c in bucket.content("b/store").items() if n != ".regcore/store.json"}
        with pytest.raises(KeyboardInterrupt):
            write(photos, place, force=True)
    for name, written in late.items():
        bucket.pipe_file(f"b/store/{name.replace('0001-', '0002-')}", written)
    described = read_description(RemoteFolder(place))
    assert described is not None
    assert described.recipe == RECIPE
    summary = write(photos, place)
    assert summary.kept == 10 - 1
    # Those values are of the same size, so that the store is whole, and every reader sees it.
    with pytest.raises(MismatchError, match=r"s3://b/store/00\.bin"):
        open_store(place)[:]
    write(photos, place, force=True)
    assert bucket.content("b/store") == alone(photos, tmp_path, FILES)


def test_a_ledger_without_its_manifest_counts_for_nothing(
    photos: Path, tmp_path: Path, bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = (bucket, "b/store")
    write(photos, place, recipe=RECIPE.in_form("uint8", "nhwc"))
    bucket.rm_file("b/store/manifest.json")
    with monkeypatch.context() as patch:
        interrupt_at_second(patch)
        with pytest.raises(KeyboardInterrupt):
            write(photos, place)
    assert write(photos, place).kept == 10 - 1
    assert bucket.content("b/store") == alone(photos, tmp_path, FILES)


def test_a_store_that_was_begun_instead_gets_nothing_of_the_first(
    photos: Path, tmp_path: Path, bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values have the same sizes: only the description says that they are of another store."""
    rival, make = Buckets(str(tmp_path / "bucket")), target.make_portion

    def making(*arguments: Any) -> MadePortion:
        with monkeypatch.context() as patch:
            patch.setattr(target, "make_portion", make)
            interrupt_at_second(patch)
            with pytest.raises(KeyboardInterrupt):
                write(photos, (rival, "b/store"), force=True)
        return make(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(target, "make_portion", making)
        with pytest.raises(RegcoreError, match="another process is writing to this folder"):
            write(photos, (bucket, "b/store"), recipe=RECIPE.in_form("uint8", "nhwc"))
    assert write(photos, (rival, "b/store")).kept == 10 - 1
    assert bucket.content("b/store") == alone(photos, tmp_path, FILES)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), PermissionError("Access Denied")])
def test_what_fails_once_the_store_is_whole_is_told_as_that(
    photos: Path,
    tmp_path: Path,
    bucket: Buckets,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    remove = Buckets.rm_file

    def removing(self: Buckets, path: str) -> None:
        if "manifest.json" in self.content("b/store"):
            raise error
        remove(self, path)

    monkeypatch.setattr(Buckets, "rm_file", removing)
    with pytest.raises((StoreInterruptedError, OutputError)) as raised:
        write(photos, (bucket, "b/store"))
    if isinstance(raised.value, StoreInterruptedError):
        assert (raised.value.kept, raised.value.written, raised.value.failed) == (0, COUNT - 1, 1)
    else:
        assert "Access Denied; the store is whole, but for .regcore" in str(raised.value)
    monkeypatch.setattr(Buckets, "rm_file", remove)
    assert len(open_store((bucket, "b/store"))) == COUNT - 1
    assert write(photos, (bucket, "b/store")).kept == COUNT - 1
    assert bucket.content("b/store") == alone(photos, tmp_path, FILES)


@pytest.fixture
def changed(photos: Path, tmp_path: Path, bucket: Buckets) -> Path:
    """Photos of which one has changed since their store was written."""
    copy = tmp_path / "copy"
    shutil.copytree(photos, copy)
    write(copy, (bucket, "b/store"))
    (copy / "03.jpg").write_bytes(jpeg(photo_like(90, 90, 5)))
    return copy


def test_a_refused_put_loses_nothing(changed: Path, tmp_path: Path, bucket: Buckets) -> None:
    there = bucket.content("b/store")
    closed = Buckets(str(tmp_path / "bucket"), refuses=True)
    with pytest.raises(OutputError, match="cannot write: Access Denied"):
        write(changed, (closed, "b/store"))
    assert bucket.content("b/store") == there


@FORMS
def test_what_a_whole_store_has_outlives_its_manifest(
    photos: Path, tmp_path: Path, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Buckets(str(tmp_path / "another"))
    copy = tmp_path / "copy"
    shutil.copytree(photos, copy)
    write(copy, (bucket, "b/store"), form)
    (copy / "03.jpg").write_bytes(jpeg(photo_like(90, 90, 5)))
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(target, "make_portion", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                write(copy, (bucket, "b/store"), form)
        assert not {"manifest.json", "images.jsonl"} & bucket.content("b/store").keys()
    summary = write(copy, (bucket, "b/store"), form)
    assert summary.written == (1 if form is FILES else 8 - 1)
    assert bucket.content("b/store") == alone(copy, tmp_path, form)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("spelled", ["STORE", "/STORE", "memory://STORE", "STORE/"])
def test_paths_in_a_file_system_however_they_are_spelled(
    photos: Path, tmp_path: Path, spelled: str
) -> None:
    memory, name = fsspec.filesystem("memory"), uuid.uuid4().hex
    place = (memory, spelled.replace("STORE", name))
    for kept in (0, COUNT - 1):
        assert write(photos, place).kept == kept
        assert everything(f"memory://{name}") == alone(photos, tmp_path, FILES)
    memory.rm(f"/{name}", recursive=True)


@pytest.mark.parametrize("below", ["", "/", "deeper"])
@pytest.mark.parametrize("form", [FILES, PACKS], ids=["files", "packs"])
def test_a_file_system_that_begins_at_the_store(
    photos: Path, tmp_path: Path, form: StoreLayout, below: str
) -> None:
    system = DirFileSystem(str(tmp_path / "root"), fsspec.filesystem("file"))
    place = (system, below)
    for kept in (0, COUNT - 1):
        assert write(photos, place, form).kept == kept
        assert content(tmp_path / "root" / below.strip("/")) == alone(photos, tmp_path, form)
    store = open_store(place)
    assert (store[:] == open_store(tmp_path / "alone")[:]).all()
    assert store.folder == f"dir://{below.strip('/')}"
    (tmp_path / "root" / below.strip("/") / "manifest.json").unlink()
    with pytest.raises(DatasetError, match=r"^dir://(deeper)?: no manifest\.json"):
        open_store(place)


def test_a_file_system_that_begins_at_files_of_others(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "00.bin").write_bytes(b"somebody's")
    system = DirFileSystem(str(tmp_path), fsspec.filesystem("file"))
    with pytest.raises(UsageError, match=r"^dir:// holds 1 \.bin file that no store here"):
        write(photos, (system, ""))
    assert (tmp_path / "00.bin").read_bytes() == b"somebody's"


def test_a_file_that_is_missing_behind_a_cache(photos: Path, tmp_path: Path) -> None:
    write(photos, tmp_path / "store", PACKS)
    store = open_store(f"simplecache::file://{tmp_path}/store")
    (tmp_path / "store" / "pack-00001.bin").unlink()
    with pytest.raises(DatasetError, match=r"store/pack-00001\.bin: missing"):
        store[:]
    with pytest.raises(DatasetError, match=r"store/pack-00001\.bin: missing"):
        store.place.read_ranges(["pack-00000.bin", "pack-00001.bin"], [0, 0], [9, 9])


def test_few_names_wait_to_be_removed(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million that wait take a gigabyte."""
    monkeypatch.setattr(remote, "_WAITING", 4)
    drawn, gone = [], []

    def names() -> Iterator[str]:
        for number in range(20):
            drawn.append(number)
            assert len(drawn) - len(gone) <= 4
            yield f"{number}.bin"

    monkeypatch.setattr(Buckets, "rm_file", lambda _, path: gone.append(path))
    RemoteFolder((bucket, "b/store")).remove(names())
    assert sorted(gone) == sorted(f"b/store/{number}.bin" for number in range(20))


def test_values_are_fetched_in_few_requests(
    photos: Path, bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(photos, (bucket, "b/store"), PACKS)
    monkeypatch.setattr("regcore.store.remote.values._REQUEST", 1 << 20)
    monkeypatch.setattr("regcore.store.remote.values._TOGETHER", 1 << 20)
    store = open_store((bucket, "b/store"))
    fetched: list[int] = []
    fetch = RemoteValues._fetch  # noqa: SLF001

    def fetching(self: RemoteValues, requests: list[Any]) -> None:
        fetched.append(len(requests))
        fetch(self, requests)

    monkeypatch.setattr(RemoteValues, "_fetch", fetching)
    store[:]
    assert fetched == [len(store.packs)]
