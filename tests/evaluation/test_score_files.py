"""Each tool's files, numbers equal to NumPy's, and every way for a prediction to be wrong."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regcore import DatasetError, ScoreFileError
from regcore._native.score_files import Reader
from regcore.errors import OutputError
from regcore.evaluation.score_files.source import ScoreSet, open_scores, read_names
from regcore.inference.score_writer import PredictionWriter

IMAGES = ("a", "b", "c")
SCORES = np.array([[1.5, -2, 0.25], [3, 4, 1e-7], [0, -0.0, 1e20]], dtype=np.float32)


def write(path: Path, row: Any) -> None:
    """One image's scores in the form that the ending names."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".txt":
        path.write_text("".join(f"{value!s} " for value in row) + "\n")
    elif path.suffix == ".bin":
        np.asarray(row, np.float32).tofile(path)
    else:
        np.save(path, np.asarray(row)[np.newaxis])


def fill(folder: Path, form: str) -> Path:
    for image, row in zip(IMAGES, SCORES, strict=True):
        write(folder / form.format(image), row)
    return folder


def read(predictions: ScoreSet, workers: int = 2) -> tuple[dict[str, Any], list[str]]:
    """The row of each image, and the errors as text."""
    rows = {}
    errors = [str(error) for error in predictions.errors]
    for batch in predictions.batches(workers):
        assert batch.scores.dtype == np.float32
        errors += map(str, batch.errors)
        for index, row in zip(batch.indices, batch.scores, strict=True):
            rows[predictions.names[index]] = row.copy()
    return rows, errors


def assert_bits(actual: Any, expected: Any) -> None:
    np.testing.assert_array_equal(
        np.asarray(actual, np.float32).view(np.uint32),
        np.asarray(expected, np.float32).view(np.uint32),
    )


FORMS = ["{}_1.txt", "{}_0.txt", "{}_0.bin", "{}_0.npy", "{}_output_0.txt", "{}_output_0.bin"]
FORMS += ["{}.bin", "{}.npy", "{}.txt", "{}_10.bin"]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("workers", [1, 3])
def test_the_files_of_each_tool(tmp_path: Path, form: str, workers: int) -> None:
    found = open_scores(fill(tmp_path, form), IMAGES)
    assert (found.names, found.classes) == (IMAGES, 3)
    assert (found.errors, found.missing, found.surplus, found.stray) == ((), (), (), ())
    rows, errors = read(found, workers)
    assert not errors
    assert_bits([rows[image] for image in IMAGES], SCORES)


@pytest.mark.parametrize(
    "images", [("x", "x_1", "x_1_1"), ("v_00000001", "v_00000002"), ("a b\nc", "\xe9\udcff")]
)
@pytest.mark.parametrize("form", ["{}_1.txt", "{}_output_0.txt", "{}.txt"])
def test_names_that_end_in_numbers_or_are_odd(
    tmp_path: Path, images: tuple[str, ...], form: str
) -> None:
    for i, image in enumerate(images):
        write(tmp_path / form.format(image), [i, 0])
    rows, errors = read(open_scores(tmp_path, images))
    assert not errors
    assert [rows[image][0] for image in images] == list(range(len(images)))


def test_a_list_of_files_in_the_order_of_the_images(tmp_path: Path) -> None:
    fill(tmp_path / "x", "{}_1.txt")
    paths = [tmp_path / "x" / f"{image}_1.txt" for image in "cab"]
    found = open_scores(paths, ["b", "c", "a"])
    assert found.names == ("b", "c", "a")
    assert_bits([*read(found)[0].values()], SCORES[[1, 2, 0]])


@pytest.mark.parametrize("workers", [1, 2])
def test_many_files_in_several_batches(tmp_path: Path, workers: int) -> None:
    scores = np.random.default_rng(0).normal(size=(600, 7)).astype(np.float32)
    images = [f"i{i}" for i in range(600)]
    for i, (image, row) in enumerate(zip(images, scores, strict=True)):
        write(tmp_path / f"{image}_1{('.txt', '.bin', '.npy')[i % 3]}", row)
    (tmp_path / "i300_1.txt").write_text("1 2 3")
    rows, errors = read(open_scores(tmp_path, images), workers)
    assert errors == [f"{tmp_path}/i300_1.txt: 3 values instead of 7"]
    assert list(rows) == [image for image in images if image != "i300"]
    assert_bits([*rows.values()], np.delete(scores, 300, axis=0))


@pytest.mark.slow
def test_a_batch_stays_while_the_next_is_read(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).normal(size=(1100, 7)).astype(np.float32)
    for i, row in enumerate(scores):
        write(tmp_path / f"i{i}.bin", row)
    for batch in open_scores(tmp_path, [f"i{i}" for i in range(1100)]).batches(2):
        time.sleep(0.05)
        assert_bits(batch.scores, scores[batch.indices])


NUMBERS = (
    st.floats(width=32).map(repr)
    | st.floats().map(repr)
    | st.builds("{:{}}".format, st.floats(), st.sampled_from(["f", "g", "e", ".17g", ".3f", "+"]))
    | st.from_regex(
        r"[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][+-]?[0-9]{1,3})?", fullmatch=True
    )
    | st.sampled_from(["inf", "-inf", "nan", "-NaN", "Infinity", "+infinity", "1e400", "-1e-400"])
)


def numpy_float32(token: str) -> np.float32:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # beyond float32 is infinity
        return np.float32(token)


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=20), st.sampled_from([" ", "  ", "\t"]))
@example(["1.00000005960464477539062500001", "16777217", "33554434.000000001"], " ")
def test_numbers_are_numpys_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, tokens: list[str], blank: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "numbers.txt"
    path.write_text(blank.join(tokens))
    row = np.empty((1, len(tokens)), np.float32)
    assert Reader(1, 1 << 20).read([(str(path), None)], row) == ([], [])
    assert_bits(row[0], [numpy_float32(token) for token in tokens])


@pytest.mark.slow
@settings(deadline=None)
@given(st.binary(max_size=60))
def test_bytes_that_numpy_does_not_take_either(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.txt"
    path.write_bytes(content)
    errors, _ = Reader(1, 1 << 20).read([(str(path), None)], row := np.empty((1, 1), np.float32))
    if errors:
        return
    (token,) = content.replace(b"\r", b"\n").split(b"\n")[0].replace(b"\t", b" ").split()
    assert_bits(row[0], [numpy_float32(token.decode("ascii"))])


BROKEN_TEXTS = {
    b"": "the file is empty",
    b"\n1 2 3\n": "the first line is empty",
    b"1 2": "2 values instead of 3",
    b"1 2 3 4": "4 values instead of 3",
    b"1 2 x": "value 3, at column 5, is not a number: 'x'",
    b"1 2.5.1 3": "value 2, at column 3, is not a number: '2.5.1'",
    b"1 2 \xff\x00\x1b[31m": "value 3, at column 5, is not a number: '???[31m'",
    b"1," + b"2" * 100: "value 1, at column 1, is not a number: '1,2222222222222222222222...'",
    b"1_000 2 3": "value 1, at column 1, is not a number: '1_000'",
}


@pytest.mark.parametrize("content", BROKEN_TEXTS)
def test_broken_text(tmp_path: Path, content: bytes) -> None:
    path = fill(tmp_path, "{}_1.txt") / "b_1.txt"
    path.write_bytes(content)
    rows, errors = read(open_scores(tmp_path, IMAGES))
    assert errors == [f"{path}: {BROKEN_TEXTS[content]}"]
    assert list(rows) == ["a", "c"]


def test_only_the_first_line_counts_and_that_is_told(tmp_path: Path) -> None:
    path = fill(tmp_path, "{}_1.txt") / "b_1.txt"
    path.write_bytes(b" 7\t8  9 \r\n1 2 3\n")
    (tmp_path / "c_1.txt").write_bytes(b"1 2 3\n\n \n")
    (batch,) = open_scores(tmp_path, IMAGES).batches()
    assert batch.scores[1].tolist() == [7, 8, 9]
    assert batch.longer == (str(path),)


@pytest.mark.parametrize("size", [0, 8, 11, 13, 16])
def test_raw_values_of_another_size(tmp_path: Path, size: int) -> None:
    path = fill(tmp_path, "{}_0.bin") / "b_0.bin"
    path.write_bytes(bytes(size))
    rows, errors = read(open_scores(tmp_path, IMAGES))
    assert errors == [f"{path}: {size} bytes instead of 12"]
    assert list(rows) == ["a", "c"]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", ">f2"])
@pytest.mark.parametrize("shape", [(3,), (1, 3), (1, 3, 1, 1)])
def test_every_float_npy(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    path = fill(tmp_path, "{}_0.npy") / "b_0.npy"
    np.save(path, np.array([5, 6, 7.5], dtype=dtype).reshape(shape))
    rows, errors = read(open_scores(tmp_path, IMAGES))
    assert not errors
    assert rows["b"].tolist() == [5, 6, 7.5]
    path.rename(tmp_path / "a_0.npy")
    assert read(open_scores(tmp_path, ["a", "c"]))[0]["c"].tolist() == SCORES[2].tolist()


def test_npy_in_the_order_of_columns(tmp_path: Path) -> None:
    for name in ("a_0.npy", "b_0.npy"):
        np.save(tmp_path / name, np.asfortranarray([[1, 2], [3, 4]], dtype=np.float32))
    rows, _ = read(open_scores(tmp_path, ["a", "b"]))
    assert rows["a"].tolist() == rows["b"].tolist() == [1, 2, 3, 4]


def test_a_header_is_never_read_as_scores(tmp_path: Path) -> None:
    np.save(tmp_path / "a_0.npy", np.ones(100, np.float16))
    np.save(tmp_path / "b_0.npy", np.ones(68, np.float32))
    np.save(tmp_path / "c_0.npy", np.ones(100, np.float16))
    assert (tmp_path / "b_0.npy").stat().st_size == 100 * 4
    rows, errors = read(open_scores(tmp_path, IMAGES))
    assert errors == [f"{tmp_path}/b_0.npy: 68 values instead of 100"]
    assert list(rows) == ["a", "c"]


def test_an_array_behind_another_is_no_header(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with (tmp_path / f"{name}_0.npy").open("wb") as file:
            np.save(file, np.array([1, 2, 3], np.float32))
            np.save(file, np.array([4, 5, 6], np.float32))
    rows, errors = read(open_scores(tmp_path, ["a", "b"]))
    assert rows["a"].tolist() == rows["b"].tolist() == [1, 2, 3]
    assert errors == []


def save_archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, np.zeros(3))


BROKEN_NPY = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-1]), ""),
    "header": (lambda path: path.write_bytes(path.read_bytes()[:20]), ""),
    "empty": (lambda path: path.write_bytes(b""), ""),
    "text": (lambda path: path.write_text("1 2 3"), ""),
    "pickle": (lambda path: np.save(path, np.array([{}, 1, 2])), "scores of object"),
    "archive": (save_archive, "magic string"),
    "zip": (lambda path: path.write_bytes(b"PK\x03\x04junk"), "magic string"),
    "shape": (lambda path: path.write_bytes(path.read_bytes().replace(b"(1, 3)", b"(1, 3 ")), ""),
    "float64": (lambda path: np.save(path, np.zeros(3)), "scores of float64, not float32"),
    "int32": (lambda path: np.save(path, np.zeros(3, np.int32)), "scores of int32"),
    "long": (lambda path: np.save(path, np.zeros(4, np.float32)), "4 values instead of 3"),
}


@pytest.mark.parametrize("name", BROKEN_NPY)
def test_broken_npy(tmp_path: Path, name: str) -> None:
    path = fill(tmp_path, "{}_0.npy") / "b_0.npy"
    spoil, words = BROKEN_NPY[name]
    spoil(path)
    rows, (error,) = read(open_scores(tmp_path, IMAGES))
    assert error.startswith(f"{path}: ")
    assert words in error
    assert list(rows) == ["a", "c"]


@pytest.mark.parametrize("ending", [".txt", ".bin", ".npy"])
def test_files_that_cannot_be_read(tmp_path: Path, ending: str) -> None:
    fill(tmp_path, f"{{}}_1{ending}")
    for image in "bc":
        (tmp_path / f"{image}_1{ending}").unlink()
    (tmp_path / f"b_1{ending}").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / f"c_1{ending}")
    rows, errors = read(open_scores(tmp_path, IMAGES))
    assert len(errors) == 2
    assert errors[0].startswith(f"{tmp_path}/b_1{ending}: ")
    assert "No such file or directory" in errors[0]
    assert errors[1] == f"{tmp_path}/c_1{ending}: not a regular file"
    assert list(rows) == ["a"]


def test_a_file_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regcore.evaluation.score_files.per_image.MAX_FILE_BYTES", 100)
    path = fill(tmp_path, "{}_1.txt") / "b_1.txt"
    path.write_text("1 2 3" + " " * 100)
    _, (error,) = read(open_scores(tmp_path, IMAGES))
    assert error == f"{path}: file of 105 bytes is over the limit of 100"


def test_a_huge_file_does_not_set_the_number_of_classes(tmp_path: Path) -> None:
    folder = fill(tmp_path, "{}_0.bin")
    os.truncate(folder / "a_0.bin", 400 << 30)
    rows, (error,) = read(open_scores(folder, IMAGES))
    assert list(rows) == ["b", "c"]
    assert error.startswith(f"{folder}/a_0.bin: ")


@pytest.mark.parametrize("which", IMAGES)
def test_one_truncated_file_does_not_set_the_number_of_classes(tmp_path: Path, which: str) -> None:
    path = fill(tmp_path, "{}_1.txt") / f"{which}_1.txt"
    path.write_text("1 2")
    found = open_scores(tmp_path, IMAGES)
    assert found.classes == 3
    assert read(found)[1] == [f"{path}: 2 values instead of 3"]


def test_no_file_tells_the_number_of_classes(tmp_path: Path) -> None:
    (tmp_path / "a_1.txt").write_text("\n")
    (tmp_path / "b_1.bin").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"a_1\.txt: no scores in this file"):
        open_scores(tmp_path, IMAGES)


def test_stray_missing_and_surplus_files(tmp_path: Path) -> None:
    fill(tmp_path, "{}_1.txt")
    (tmp_path / "b_1.txt").unlink()
    write(tmp_path / "x_1.txt", SCORES[0])
    stray = ["summary.json", "readme.txt", ".hidden_1.txt", "log", "a_1.txt~"]
    stray += ["perf_vision_batchsize_1_device_0.txt"]
    for name in stray:
        (tmp_path / name).touch()
    (tmp_path / "folder_1.txt").mkdir()
    found = open_scores(tmp_path, IMAGES)
    assert found.names == ("a", "c")
    assert found.missing == ("b",)
    assert found.surplus == (f"{tmp_path}/x_1.txt",)
    assert found.stray == tuple(sorted(f"{tmp_path}/{name}" for name in [*stray, "folder_1.txt"]))


def test_two_files_of_one_image(tmp_path: Path) -> None:
    fill(tmp_path, "{}_1.txt")
    write(tmp_path / "b_1.bin", SCORES[1])
    found = open_scores(tmp_path, IMAGES)
    assert (found.names, found.missing) == (("a", "c"), ())
    (error,) = found.errors
    assert isinstance(error, ScoreFileError)
    assert str(error).startswith(f"{tmp_path}/b_1.bin: the image b has other files, too: ")
    assert f"{tmp_path}/b_1.txt" in str(error)


def test_one_of_several_outputs_is_chosen(tmp_path: Path) -> None:
    fill(tmp_path, "{}_1.bin")
    for image in IMAGES:
        write(tmp_path / f"{image}_2.bin", [1, 2, 3, 4])
    assert len(open_scores(tmp_path, IMAGES).errors) == 3
    assert open_scores(tmp_path, IMAGES, output=1).classes == 3
    assert open_scores(tmp_path, IMAGES, output=2).classes == 4
    with pytest.raises(DatasetError, match="no prediction has the output 3"):
        open_scores(tmp_path, IMAGES, output=3)


def test_nothing_that_fits(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no predictions there"):
        open_scores(tmp_path, IMAGES)
    with pytest.raises(DatasetError, match="nowhere: No such file"):
        open_scores(tmp_path / "nowhere", IMAGES)
    fill(tmp_path / "dumpOutput_device0", "{}_1.txt")
    with pytest.raises(DatasetError, match=r"is it .*dumpOutput_device0 that is meant\?"):
        open_scores(tmp_path, IMAGES)
    with pytest.raises(DatasetError, match=r"the first is a_1\.txt, the first image other"):
        open_scores(tmp_path / "dumpOutput_device0", ["other"])


def test_a_thousand_values_of_one_class(tmp_path: Path) -> None:
    write(tmp_path / "a_1.txt", [1])
    assert read(open_scores(tmp_path, ["a"]))[0]["a"].tolist() == [1]


def pack(path: Path, scores: Any, names: str = "c.JPEG\nb.JPEG 3\n\na\n") -> Path:
    """Rows in the order c, b, a."""
    if path.suffix == ".npy":
        np.save(path, scores)
    else:
        np.asarray(scores).tofile(path)
    path.with_suffix(".names.txt").write_text(names)
    return path


@pytest.mark.parametrize("ending", ["npy", "bin"])
def test_packed(tmp_path: Path, ending: str) -> None:
    path = pack(tmp_path / f"scores.{ending}", SCORES)
    found = open_scores(path, ["x", "a", "b"])
    assert (found.names, found.missing, found.surplus) == (("a", "b"), ("x",), ("c",))
    assert found.classes == 3
    assert_bits([*read(found)[0].values()], SCORES[[2, 1]])


def test_packed_in_several_batches_and_as_float16(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).normal(size=(600, 3)).astype(np.float16)
    names = [f"i{i}" for i in range(600)]
    path = pack(tmp_path / "scores.npy", scores, "\n".join(reversed(names)))
    rows, _ = read(open_scores(path, names))
    assert_bits([rows[name] for name in names], scores[::-1])


def test_packed_with_names_elsewhere(tmp_path: Path) -> None:
    path = pack(tmp_path / "scores.npy", SCORES)
    (tmp_path / "scores.names.txt").rename(tmp_path / "order")
    with pytest.raises(DatasetError, match=r"no scores\.names\.txt beside it"):
        open_scores(path, IMAGES)
    assert open_scores(path, IMAGES, names=tmp_path / "order").names == IMAGES


@pytest.mark.parametrize(
    ("name", "scores", "words"),
    [
        ("s.npy", SCORES[:2], "2 rows, but"),
        ("s.npy", SCORES[0], r"an array of \(3,\), not \[images, classes\]"),
        ("s.npy", np.zeros((3, 0), np.float32), r"not \[images, classes\]"),
        ("s.npy", np.zeros((3, 2)), "scores of float64"),
        ("s.bin", np.zeros(8, np.float32), "32 bytes are not float32 scores of 3 images"),
        ("s.bin", np.zeros(9, np.float16), "18 bytes are not"),
        ("s.bin", np.zeros(0, np.float32), "0 bytes are not"),
        ("s.dat", SCORES, "neither a folder nor a packed .npy or .bin file"),
    ],
)
def test_packed_that_does_not_go_together(
    tmp_path: Path, name: str, scores: Any, words: str
) -> None:
    with pytest.raises(DatasetError, match=words):
        open_scores(pack(tmp_path / name, scores), IMAGES)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no names in this file"),
        (b"a 1\nb 2\na.png 3\n", r"line 3: a was in line 1 before"),
        (b"\xff", "not UTF-8 text"),
    ],
)
def test_names_files_that_are_none(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "names").write_bytes(content)
    with pytest.raises(DatasetError, match=words):
        read_names(tmp_path / "names")
    with pytest.raises(DatasetError, match="nowhere: No such file"):
        read_names(tmp_path / "nowhere")


def test_an_image_expected_twice_is_there_once(tmp_path: Path) -> None:
    folder = fill(tmp_path / "files", "{}_0.bin")
    packed = pack(tmp_path / "s.npy", SCORES)
    for source in (folder, packed):
        assert open_scores(source, ["a", "a", "b"]).names == ("a", "b")


@pytest.mark.slow
def test_subnormals_are_written_and_read_although_the_thread_flushes_them(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    scores = np.array([[1e-42, 1e-38, 3]], np.float32)
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormals")
    try:  # threads begin in the mode of the one that starts them
        PredictionWriter(tmp_path, ["a"], binary=False).write(np.array([0]), scores, 0)
        rows, _ = read(open_scores(tmp_path / "dumpOutput_device0", ["a"]))
    finally:
        torch.set_flush_denormal(False)
    assert_bits(rows["a"], scores[0])


def test_a_file_in_the_way_of_the_outputs(tmp_path: Path) -> None:
    (tmp_path / "dumpOutput_device0").write_text("")
    writer = PredictionWriter(tmp_path, ["a"], binary=True)
    with pytest.raises(OutputError, match="dumpOutput_device0: File exists"):
        writer.write(np.array([0]), np.ones((1, 3), np.float32), 0)


def test_the_binding_checks_its_arguments(tmp_path: Path) -> None:
    reader = Reader(1, 100)
    assert reader.read([], np.empty((0, 3), np.float32)) == ([], [])
    for shape in ((2, 3), (1, 0)):
        with pytest.raises(ValueError, match="a row of scores"):
            reader.read([("a", None)], np.empty(shape, np.float32))
    with pytest.raises(ValueError, match=r".*"):
        reader.read([("a", None)], np.empty((1, 3)))


def test_a_reader_made_before_a_fork_says_so() -> None:
    reader = Reader(1, 100)
    pid = os.fork()
    if pid == 0:
        try:
            reader.read([("a", None)], np.empty((1, 3), np.float32))
        except RuntimeError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
