"""Label files in each form, every way to be wrong, and what other tools read from the same file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_forms import IDS, devkit, shuffled_order, timm_function, timm_info, write
from readers.mutations import mutate

from regcore import DatasetError, RegcoreError, UsageError
from regcore.images.label_files.devkit_order import read_devkit_order
from regcore.images.label_files.imagenet import class_indices, validation_names
from regcore.images.label_files.reader import read_label_file, read_labels

#: Any text that a line can hold; names that begin with # and no image's suffix are comments.
NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), exclude_characters="\ufeff")
    | st.sampled_from(" '\","),
    min_size=1,
    max_size=12,
).map(str.strip)  # fmt: skip
LABELS = st.integers(0, 2**31 - 1)


def label_file(folder: Path, content: str | bytes) -> Path:
    return write(folder / "val_label.txt", content)


@pytest.mark.parametrize(
    "content",
    [
        "a.JPEG 65\nb.JPEG 970",
        "a.JPEG\t65\r\n\r\n  b.JPEG   970 \r\n",
        b"\xef\xbb\xbfa.JPEG 65\nb.JPEG 0970\n\n",
        "a.JPEG 65\nb.JPEG 970\na.JPEG 65\n",
    ],
)
def test_read_labels(tmp_path: Path, content: str | bytes) -> None:
    assert read_labels(label_file(tmp_path, content)) == {"a.JPEG": 65, "b.JPEG": 970}


@pytest.mark.parametrize(
    "line",
    ['"my photo.JPEG" 65', "my photo.JPEG\t65", "my photo.JPEG \t 65\r", "my photo.JPEG 65"],
)
def test_a_name_with_white_space(tmp_path: Path, line: str) -> None:
    assert read_labels(label_file(tmp_path, f"a 1\n{line}\n")) == {"a": 1, "my photo.JPEG": 65}


@pytest.mark.parametrize(
    ("line", "second"),
    [
        ("b.JPEG 3 7", "3"),
        (" b.jpg  3   7", "3"),
        ("b.png n01440764 7", "n01440764"),
        ("b.JPEG 1 2 7", "1"),
        ("b.JPEG 0.9 7", "0.9"),
        ("b.JPEG, 3 7", "3"),
        ("b.JPEG 3 cat 7", "3"),
        ("my b.JPEG 3 7", "3"),
    ],
)
def test_two_labels_of_one_image_are_no_name_with_a_blank(
    tmp_path: Path, line: str, second: str
) -> None:
    with pytest.raises(DatasetError, match=rf"line 2: .* {second} and 7 both look like labels"):
        read_labels(label_file(tmp_path, f"a.JPEG 1\n{line}\n"))


def test_words_behind_an_image_are_of_its_name(tmp_path: Path) -> None:
    lines = 'a.JPEG copy 1\nb 3 2\n"c.JPEG 3" 4\nd.JPEG copy 2.JPEG 5\n'
    names = {"a.JPEG copy": 1, "b 3": 2, "c.JPEG 3": 4, "d.JPEG copy 2.JPEG": 5}
    assert read_labels(label_file(tmp_path, lines)) == names


def test_a_name_in_quotes_may_end_in_a_number(tmp_path: Path) -> None:
    assert read_labels(label_file(tmp_path, '"b.JPEG 3" 7\nmy 3 7\n')) == {"b.JPEG 3": 7, "my 3": 7}


@pytest.mark.parametrize(
    "line",
    [
        "b",
        "b\tc\t1",
        "b\0 1",
        '"" 1',
        "b x",
        "b 1.0",
        "b 1_0",
        "b -1",
        "b 99999999999",
        "a 2",
        "b \u0661",
        f"b {'9' * 5000}",
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = label_file(tmp_path, f"a 1\n\n{line}\n")
    with pytest.raises(DatasetError) as caught:
        read_labels(path)
    assert f"{path}, line 3: {line!r}" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"a 1\n\xff 2\n"])
def test_not_a_label_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetError, match=r"val_label\.txt"):
        read_labels(label_file(tmp_path, content))


def test_label_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        read_labels(tmp_path / "nowhere")


def test_a_table_whose_header_says_nothing_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("Datei Name,Ground Truth (idx)\na.jpg,5\n")
    with pytest.raises(DatasetError, match="no column of images and labels among these; call it"):
        read_labels(path)


def test_comments_and_headers_are_no_labels(tmp_path: Path) -> None:
    text = "# made by hand\n\n#2 photos\nimage label\na.jpg 1\n#b.jpg 2\n # end 3\n"
    assert read_labels(label_file(tmp_path, text)) == {"a.jpg": 1, "#b.jpg": 2}


@given(st.dictionaries(NAMES.filter(lambda name: name and name[0] not in '#"'), LABELS, min_size=1))
def test_any_name_comes_back_from_a_line(
    tmp_path_factory: pytest.TempPathFactory, labels: dict[str, int]
) -> None:
    folder = tmp_path_factory.mktemp("names")
    plain = {n: v for n, v in labels.items() if not n.endswith((",", ";"))}
    if plain:
        text = "".join(f"{name} {label}\n" for name, label in plain.items())
        assert read_labels(label_file(folder, text)) == plain
    quoted = "".join('"{}" {}\n'.format(n.replace('"', '""'), v) for n, v in labels.items())
    assert read_labels(label_file(folder, quoted)) == labels


@pytest.mark.slow
@settings(deadline=None)  # pandas takes its time
@given(st.dictionaries(NAMES.filter(bool), LABELS, min_size=1), st.sampled_from(",;\t"))
def test_a_table_is_what_pandas_reads(
    tmp_path_factory: pytest.TempPathFactory, labels: dict[str, int], delimiter: str
) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path_factory.mktemp("table") / "labels.csv"
    table = pandas.DataFrame({"fold": 1, "Image Id": labels.keys(), "label": labels.values()})
    table.to_csv(path, sep=delimiter, index=False, quoting=csv.QUOTE_ALL)
    again = pandas.read_csv(path, sep=delimiter, dtype={"Image Id": str}, keep_default_na=False)
    assert read_labels(path) == dict(zip(again["Image Id"], again["label"].tolist(), strict=True))
    assert read_labels(path) == labels


def test_kaggles_solution(tmp_path: Path) -> None:
    text = (
        "ImageId,PredictionString\n"
        "ILSVRC2012_val_00048981,n03995372 85 1 499 272 \n"
        "ILSVRC2012_val_00037956,n03481172 131 0 499 254 n03481172 1 2 30 40 \n"
    )
    found = read_label_file(write(tmp_path / "LOC_val_solution.csv", text))
    assert found.form == "a table, labels in the column 'PredictionString'"
    expected = {"ILSVRC2012_val_00048981": "n03995372", "ILSVRC2012_val_00037956": "n03481172"}
    assert found.by_name == {name: IDS.index(wordnet_id) for name, wordnet_id in expected.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.jpg,5\nb c.jpg, 6\n", {"a.jpg": 5, "b c.jpg": 6}),
        ("path,label,class\nx/a.jpg,5,tench\n", {"x/a.jpg": 5}),
        ("filename;target\na.jpg;5.0\n", {"a.jpg": 5}),
        ('name\twnid\n"a\tb"\tn01443537\n', {"a\tb": 1}),
    ],
)
def test_tables(tmp_path: Path, text: str, expected: dict[str, int]) -> None:
    assert read_labels(write(tmp_path / "labels.csv", text)) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,what\na,5\n", "line 1: 'image, what': no column of labels"),
        ("a,label\na,5\n", "line 1: 'a, label': no column of images"),
        ("image,label\n", "only a header"),
        ("image,label\na,tench\n", "line 2: 'a,tench': 'tench' is neither a class index"),
        ("image,label\na,\n", "line 2: 'a,': '' is no label"),
        ("image,label\n\na,5.5\n", "line 3: 'a,5.5': '5.5' is neither"),
        ("image,label\na,n01440765\n", "n01440765 is none of ImageNet's 1,000"),
        ("image,label\na,n01440764 1 2 3 4 n01443537 1 2 3 4\n", "line 2: .* two classes for one"),
        ("image,label\na,n01440764 1 2 3\n", "line 2: .* four numbers"),
        ("image,label\na,1,2\n", "line 2: 'a,1,2': 3 columns, where the first line has 2"),
        ("image,label\na,1\nb,1\na,2\n", "line 4: 'a,2': a was given the label 1 before"),
        ('image,label\n"a"b,1\n', "line 2: "),
        ('image,label\n"a,1\n', "line 2: unexpected end of data"),
        ("image,label\n,1\n", "line 2: ',1': the name is empty"),
        ("[[1], [2, 3]]\n", "JSON is no label file, write NAME INDEX"),
    ],
)
def test_a_damaged_table_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path / "labels.csv", text)
    with pytest.raises(DatasetError, match=words) as caught:
        read_labels(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "text", ['{"a.JPEG": 2, "b.JPEG": 7}', '{"a.JPEG": 2}', "{\n", "[\n2,\n7]"]
)
@pytest.mark.parametrize("name", ["labels.json", "labels.txt", "labels.csv"])
def test_json_is_named_as_such(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(DatasetError, match=rf"{name}: JSON is no label file"):
        read_labels(write(tmp_path / name, text))


def test_the_1000_classes_are_timms() -> None:
    assert (timm_info() / "imagenet_synsets.txt").read_text().split() == IDS
    assert sorted(IDS) == IDS


@pytest.mark.parametrize("part", ["imagenet_a", "imagenet_r", "mini_imagenet"])
def test_the_classes_of_a_part_have_timms_indices(part: str) -> None:
    ids = (timm_info() / f"{part}_synsets.txt").read_text().split()
    indices = (timm_info() / f"{part}_indices.txt").read_text().split()
    assert [class_indices()[wordnet_id] for wordnet_id in ids] == list(map(int, indices))


def test_the_order_of_classes(tmp_path: Path) -> None:
    described = "n01443537 goldfish, Carassius auratus\nn01440764 tench, Tinca tinca\n"
    for text in ("n01443537\nn01440764\n", f"# of mine\n{described}"):
        found = read_label_file(label_file(tmp_path, text))
        assert not found.by_name
        assert found.by_class == {"n01443537": 0, "n01440764": 1}
    named = read_label_file(write(tmp_path / "class_map.txt", "a cat\na dog\n"))
    assert named.by_class == {"a cat": 0, "a dog": 1}
    with pytest.raises(UsageError, match="for images in class folders"):
        read_labels(tmp_path / "class_map.txt")


@given(st.lists(NAMES.filter(lambda n: n and n[0] not in '#"[{'), min_size=1, unique=True))
def test_a_class_map_is_what_timm_reads(
    tmp_path_factory: pytest.TempPathFactory, classes: list[str]
) -> None:
    load_class_map = timm_function("timm.data.readers.class_map", "load_class_map")
    path = write(tmp_path_factory.mktemp("map") / "class_map.txt", "\n".join(classes))
    try:
        found = read_label_file(path)
    except RegcoreError:
        return  # it looks like another form; test_the_order_of_classes has those that must not
    if found.by_class:
        assert found.by_class == load_class_map(str(path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat\ndog\ncat\n", "line 3: 'cat': cat was given the label 0 before"),
        ("n02119789 1 kit_fox\n", "line 1: .*the devkit's own order"),
        ("n01440764\ncat\n", "WordNet ids, and beside them 'cat'"),
    ],
)
def test_a_damaged_order_of_classes_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        read_label_file(label_file(tmp_path, text))


@pytest.mark.slow
def test_the_devkits_ground_truth_is_mapped(tmp_path: Path) -> None:
    order = shuffled_order()
    numbers = [1 + (7 * place) % 1000 for place in range(50_000)]
    path = devkit(tmp_path, numbers, order)
    expected = [order[number - 1] for number in numbers]
    assert list(read_labels(path).values()) == expected
    assert list(read_labels(path)) == validation_names()
    (tmp_path / "map_clsloc.txt").unlink()
    _save_meta(tmp_path / "meta.mat", order)
    assert list(read_labels(path).values()) == expected
    write(tmp_path / "synsets.txt", "".join(f"{IDS[label]}\n" for label in order[::-1]))
    with pytest.raises(DatasetError, match=r"meta\.mat and .*synsets\.txt contradict each other"):
        read_labels(path)


def _save_meta(path: Path, order: list[int]) -> None:
    """As the devkit's: the 1,000 classes, and synsets above them, which have children."""
    io = pytest.importorskip("scipy.io")
    fields = [("ILSVRC2012_ID", "f8"), ("WNID", "O"), ("words", "O"), ("num_children", "f8")]
    rows = [(n, IDS[label], "a, b", 0) for n, label in enumerate(order, 1)]
    rows += [(1001 + n, f"n{n:08d}", "above", 2) for n in range(3)]
    io.savemat(path, {"synsets": np.array(rows, fields).reshape(-1, 1)}, do_compression=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "map_clsloc.txt").unlink(), "which is not the sorted one; put"),
        (lambda folder: write(folder / "map_clsloc.txt", "\n".join(IDS)), "which is not the dev"),
        (lambda folder: write(folder / "map_clsloc.txt", "n01440764 1\n"), "one number from 1"),
        (lambda folder: write(folder / "map_clsloc.txt", "tench 1\n"), "line 1: 'tench 1'"),
        (lambda folder: write(folder / "meta.mat", b"MATLAB 5.0 or so"), "not the devkit's list"),
        (lambda folder: devkit(folder, range(50_000), None), "line 1: '0': the devkit numbers"),
        (lambda folder: devkit(folder, [1] * 49_999, None), "49999 lines of numbers without names"),
        (lambda folder: devkit(folder, [1001] * 50_000, None), "line 1: '1001': the devkit"),
    ],
)
def test_a_ground_truth_is_never_taken_as_it_is(
    tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    path = devkit(tmp_path, [1 + place % 1000 for place in range(50_000)], shuffled_order())
    change(tmp_path)
    with pytest.raises(DatasetError, match=words):
        read_labels(path)


def test_a_wordnet_id_for_each_validation_image(tmp_path: Path) -> None:
    text = "".join(f"{IDS[place % 1000]}\n" for place in range(50_000))
    found = read_labels(label_file(tmp_path, text))
    assert found["ILSVRC2012_val_00001002"] == 1
    assert len(found) == 50_000


FORMS = {
    "a table": b'image,label\na.jpg,1\n"b c.jpg",n01440764 1 2 3 4\nd.jpg,3.0\n',
    "a class map": b"n01440764 tench\nn01443537 goldfish\n# rest\nn01484850\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_damage_ends_in_one_line(tmp_path: Path, form: str) -> None:
    for seed in range(400):
        path = label_file(tmp_path, mutate(FORMS[form], seed))
        check_one_line(lambda: read_label_file(path), str(path), seed)  # noqa: B023


@pytest.mark.slow
def test_damage_to_the_devkit_ends_in_one_line(tmp_path: Path) -> None:
    _save_meta(tmp_path / "meta.mat", shuffled_order())
    sound = (tmp_path / "meta.mat").read_bytes()
    for seed in range(100):
        (tmp_path / "meta.mat").write_bytes(mutate(sound, seed))
        check_one_line(lambda: read_devkit_order(tmp_path, "truth.txt"), "meta.mat", seed)


def check_one_line(read: Callable[[], object], named: str, seed: int) -> None:
    error: RegcoreError | None = None
    try:
        read()
    except RegcoreError as caught:
        error = caught
    if error is not None:
        assert len(str(error).splitlines()) == 1, (seed, str(error))
        assert named in str(error), seed
        assert error.exit_code == 3, seed
