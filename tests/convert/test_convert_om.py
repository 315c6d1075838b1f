"""regcore convert --to om, with a stand-in of atc that is as strict as the real one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from command_line import regcore
from exported_models import ExportedModels
from om_file import read_om
from onnx_models import save_model
from vendor_tools import install

from regcore import Recipe, UsageError
from regcore.backends.registry import read_metadata
from regcore.convert.ascend.aipp import aipp_config, aipp_rounding
from regcore.errors import BackendError
from regcore.models.build_record import read_record, record_path
from regcore.models.metadata import ModelMetadata

REGNET = Recipe.preset("regnety_016")
COMMAND = [sys.executable, "-c", "from regcore.__main__ import main; main()"]


@pytest.fixture
def atc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in on the PATH."""
    install(tmp_path / "bin", "atc", "atc_stand_in.py")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_in(tmp_path / "models")


def model_in(folder: Path, **options: object) -> Path:
    onnx = pytest.importorskip("onnx")
    folder.mkdir(exist_ok=True)
    opset = int(str(options.pop("opset", 11)))
    path = save_model(folder / "RegNetY-1.6GF.onnx", **options)  # type: ignore[arg-type]
    made = onnx.load(path)
    made.opset_import[0].version = opset
    onnx.helper.set_model_props(made, ModelMetadata(REGNET, "colours.v1").to_properties())
    onnx.save(made, path)
    return path


def to_om(model: Path, *options: object) -> Result:
    return regcore("convert", model, "--to", "om", "--soc", "Ascend310P3", *options)


def files(model: Path) -> list[str]:
    return sorted(path.name for path in model.parent.iterdir())


@pytest.mark.usefixtures("atc")
def test_the_guides_model(model: Path) -> None:
    result = to_om(model)
    assert result.exit_code == 0, result.stderr
    assert "for Ascend310P3, force_fp16, batch size 1, takes image float32" in result.stdout
    assert "ATC run success" in result.stderr
    assert "--precision origin keeps float32" in result.stderr
    om = model.with_name("RegNetY-1.6GF_bs1.om")
    assert files(model) == sorted([model.name, om.name, f"{om.name}.json"])
    header, inside = read_om(om)
    assert inside == model.read_bytes()
    assert header["soc"] == "Ascend310P3"
    assert header["batch"] == [1]
    assert header["shape"] == [3, 224, 224]
    assert header["aipp"] is None
    assert read_metadata(om) == ModelMetadata(REGNET, "colours.v1")


@pytest.mark.usefixtures("atc")
def test_relative_paths(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(model.parent)
    result = to_om(Path(model.name), "--out", "a.om", "--aipp")
    assert result.exit_code == 0, result.stderr
    assert files(model) == sorted([model.name, "a.om", "a.om.json", "a.aipp.cfg"])
    assert read_om(Path("a.om"))[0]["aipp"] is not None


@pytest.mark.usefixtures("atc")
def test_several_batch_sizes(model: Path) -> None:
    result = to_om(model, "--dynamic-batch", "1,4,8,16", "--precision", "origin", "--json")
    answer = json.loads(result.stdout)
    assert answer["batches"] == [1, 4, 8, 16]
    header, _ = read_om(Path(answer["path"]))
    assert (header["batch"], header["dynamic"]) == ([1, 4, 8, 16], True)
    assert header["precision"] == "origin"
    assert "--precision_mode_v2=origin" in answer["command"]


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize(
    ("mode", "option", "cann"),
    [
        ("cube_fp16in_fp32out", "precision_mode", "5.1"),  # which has no precision_mode_v2
        ("allow_mix_precision_bf16", "precision_mode", "9.0"),
        ("cube_hif8", "precision_mode_v2", "9.0"),
    ],
)
def test_a_precision_goes_to_the_option_that_has_it(
    model: Path, monkeypatch: pytest.MonkeyPatch, mode: str, option: str, cann: str
) -> None:
    monkeypatch.setenv("ATC_STAND_IN_CANN", cann)
    answer = json.loads(to_om(model, "--precision", mode, "--json").stdout)
    assert f"--{option}={mode}" in answer["command"]


@pytest.mark.usefixtures("atc")
def test_a_chip_may_take_more_batch_sizes(model: Path) -> None:
    sizes = ",".join(map(str, range(1, 102)))
    for soc, code in (("Ascend950PR_9599", 0), ("Ascend910_9391", 2)):
        result = regcore("convert", model, "--to", "om", "--soc", soc, "--dynamic-batch", sizes)
        assert result.exit_code == code, result.stderr
    assert "2 to 100 different sizes" in result.stderr


@pytest.mark.usefixtures("atc")
def test_aipp(model: Path) -> None:
    result = to_om(model, "--aipp", "--batch", 16)
    assert result.exit_code == 0, result.stderr
    assert "takes image uint8 [N, 224, 224, 3]" in result.stdout
    assert "off by up to 0.00079 / 0.0011 / 0.0009" in result.stderr
    om = model.with_name("RegNetY-1.6GF_bs16_aipp.om")
    assert om.with_suffix(".aipp.cfg").read_text() == aipp_config(REGNET)
    header, _ = read_om(om)
    assert header["aipp"]["min_chn"] == [123.675, 116.28, 103.53]
    assert (header["dtype"], header["shape"]) == ("uint8", [224, 224, 3])
    metadata = read_metadata(om)
    assert (metadata.recipe.dtype, metadata.recipe.layout) == ("uint8", "nhwc")


def test_aipp_constants_are_those_of_public_files() -> None:
    # As printed in the AIPP files of Ascend's ModelZoo.
    lines = aipp_config(REGNET).split("\n")
    for name, values in (
        ("min_chn", ("123.675", "116.28", "103.53")),
        ("var_reci_chn", ("0.0171247538316637", "0.0175070028011204", "0.0174291938997821")),
    ):
        for channel, value in enumerate(values):
            assert f"    {name}_{channel} : {value}" in lines


def test_aipp_rounding() -> None:
    rounding = aipp_rounding(REGNET)
    np.testing.assert_allclose(rounding.arithmetic, (0.0028, 0.0015, 0.0013), atol=5e-5)
    exact = Recipe(mean=(0.0, 0.0, 0.0), std=(1 / 255,) * 3)
    assert aipp_rounding(exact).arithmetic == (0.0, 0.0, 0.0)


def test_print_gives_a_script(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = to_om(model, "--print", "--log", "debug")
    assert result.stdout == (
        f"atc --framework=5 --model={model} --output={model.with_name('RegNetY-1.6GF_bs1')} "
        "--input_format=NCHW --input_shape=image:1,3,224,224 --soc_version=Ascend310P3 "
        "--log=debug\n"
    )
    assert files(model) == [model.name]


def test_the_rounding_of_aipp_is_told_in_the_order_of_the_channels(model: Path) -> None:
    for channels, order in (("rgb", "red / green / blue"), ("bgr", "blue / green / red")):
        recipe = f"resize=256,crop=224,filter=bicubic,mean=0,0,0,std=1,1,1,channels={channels}"
        result = to_om(model, "--print", "--aipp", "--recipe", recipe)
        assert f"normalised {order} are off by" in result.stderr


def test_aipp_of_grey_pictures_is_refused_as_such(model: Path) -> None:
    recipe = "resize=256,crop=224,filter=bicubic,mean=0,std=1,channels=gray"
    result = to_om(model, "--print", "--aipp", "--recipe", recipe)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith("three channels, not for grey pictures")
    assert "normalised" not in result.stderr


def test_print_as_json(model: Path) -> None:
    answer = json.loads(to_om(model, "--print", "--aipp", "--json").stdout)
    assert answer["path"] == str(model.with_name("RegNetY-1.6GF_bs1_aipp.om"))
    assert answer["command"][:2] == ["atc", "--framework=5"]
    assert answer["script"].startswith("cat > ")
    assert files(model) == [model.name]


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize("name", ["a.om", "a.om.json", "a.aipp.cfg"])
def test_files_of_others_stay(model: Path, name: str) -> None:
    made = ("--out", model.with_name("a.om"), "--aipp")
    foreign = model.with_name(name)
    foreign.write_bytes(b"of others")
    result = to_om(model, *made)
    assert result.exit_code == 2
    assert f"{name}: is there and was not written by this command; --force" in result.stderr
    assert foreign.read_bytes() == b"of others"
    assert files(model) == sorted([model.name, name])
    assert to_om(model, *made, "--force").exit_code == 0
    # What it wrote itself, it replaces.
    assert to_om(model, *made).exit_code == 0


@pytest.mark.usefixtures("atc")
def test_an_output_that_is_the_input(model: Path) -> None:
    content = model.read_bytes()
    link = model.with_name("link.om")
    link.symlink_to(model)
    for options in ((), ("--force",)):
        result = to_om(model, "--out", link, *options)
        assert result.exit_code == 2
        assert "would be written over the input" in result.stderr
    assert model.read_bytes() == content


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
def test_the_name_that_atc_chose_may_be_anothers(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATC_STAND_IN", "platform")
    assert to_om(model).exit_code == 0
    (om,) = model.parent.glob("*.om")
    record_path(om).unlink()
    content = om.read_bytes()
    result = to_om(model)
    assert result.exit_code == 2
    assert f"{om.name}: is there and was not written" in result.stderr
    assert om.read_bytes() == content


@pytest.mark.usefixtures("atc")
def test_a_printed_script_runs(model: Path) -> None:
    script = to_om(model, "--print", "--aipp").stdout
    subprocess.run(["/bin/sh", "-e"], input=script, text=True, check=True, cwd=model.parent)
    header, _ = read_om(model.with_name("RegNetY-1.6GF_bs1_aipp.om"))
    assert header["aipp"]["var_reci_chn"][0] == 0.0171247538316637


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
def test_the_log_of_atc_where_asked_for(model: Path) -> None:
    assert "[DEBUG] GE" in to_om(model, "--log", "debug").stderr
    assert "[DEBUG] GE" not in to_om(model).stderr


@pytest.mark.usefixtures("atc")
def test_the_name_that_atc_really_wrote(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATC_STAND_IN", "platform")
    result = to_om(model)
    assert result.exit_code == 0, result.stderr
    (om,) = model.parent.glob("*.om")
    assert om.name.startswith("RegNetY-1.6GF_bs1_linux_")
    assert f"bound the model to this operating system and processor: {om.name}" in result.stderr
    assert record_path(om).is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("killed", "atc failed: killed by signal 9"),
        ("silent", "its log does not say 'ATC run success'"),
        ("no-libraries", "set_env.sh"),
        ("no-driver", "libascend_hal.so belongs to the driver"),
        ("no-operators", "from CANN 8.5 on atc needs the ops package of the chip"),
    ],
)
def test_atc_that_fails_leaves_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str, words: str
) -> None:
    monkeypatch.setenv("ATC_STAND_IN", behaviour)
    om = model.with_name("RegNetY-1.6GF_bs1.om")
    om.write_bytes(b"of an earlier conversion")
    result = to_om(model, "--force")
    assert result.exit_code == 4
    assert words in result.stderr
    assert om.read_bytes() == b"of an earlier conversion"
    assert files(model) == [model.name, om.name]


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_conversion_leaves_no_half_file(
    model: Path, monkeypatch: pytest.MonkeyPatch, stop: signal.Signals
) -> None:
    monkeypatch.setenv("ATC_STAND_IN", "hang")
    arguments = ["convert", str(model), "--to", "om", "--soc", "Ascend310"]
    child = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not list(model.parent.glob("*/*.om")):
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.02)
        child.send_signal(stop)
        child.wait(timeout=60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    assert not list(model.parent.glob("*.om"))
    if stop != signal.SIGKILL:
        assert child.returncode == 128 + stop
        assert files(model) == [model.name]


@pytest.mark.usefixtures("atc")
def test_an_unknown_chip_is_explained(model: Path) -> None:
    result = regcore("convert", model, "--to", "om", "--soc", "Ascend710")
    assert result.exit_code == 4
    assert "E10001: Value [Ascend710] for parameter [--soc_version] is invalid" in result.stderr
    assert "npu-smi info" in result.stderr
    assert "Ascend710 is the name that Ascend310P3 had" in result.stderr
    assert "npu-smi info -t board" in result.stderr
    assert "from CANN 8.5 on atc needs the ops package" in result.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize("cann", ["5.1", "8.0", "9.0"])
def test_the_cause_of_an_error_is_told_in_the_words_of_any_release(
    model: Path, monkeypatch: pytest.MonkeyPatch, cann: str
) -> None:
    monkeypatch.setenv("ATC_STAND_IN_CANN", cann)
    refused = regcore("convert", model, "--to", "om", "--soc", "Ascend710").stderr
    cause = "atc failed: E10001: Value [Ascend710] for parameter [--soc_version] is invalid."
    assert cause in refused
    assert "Solution: Set the parameter to a valid value. (--soc is 'Ascend' and" in refused
    monkeypatch.setenv("ATC_STAND_IN", "inner")
    inside = to_om(model).stderr.splitlines()[-1]
    assert "atc failed: EZ9999: The weights of conv1 do not fit into the chip" in inside
    assert "PID" not in inside


def test_no_atc(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    result = to_om(model)
    assert result.exit_code == 4
    assert "source its set_env.sh (usually /usr/local/Ascend" in result.stderr
    script = tmp_path / "Ascend" / "ascend-toolkit" / "set_env.sh"
    script.parent.mkdir(parents=True)
    script.touch()
    assert f"source {script}" in to_om(model).stderr


@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize(
    ("made", "options", "code", "words"),
    [
        ({"opset": 10}, (), 4, "has opset 10, atc takes 11 to 18"),
        ({"opset": 19}, (), 4, "has opset 19, atc takes 11 to 18"),
        ({"batch": 4}, ("--batch", "8"), 2, "built-in batch size of 4"),
        ({"batch": 4}, ("--dynamic-batch", "1,4"), 2, "built-in batch size of 4"),
        ({"dtype": "float16"}, ("--aipp",), 2, "--aipp needs float32"),
        ({}, ("--batch", "1", "--dynamic-batch", "1,2"), 2, "either --batch or --dynamic-batch"),
        ({}, ("--dynamic-batch", "4,1"), 2, "ascending"),
        ({}, ("--dynamic-batch", "4"), 2, "for one there is --batch"),
        ({"size": 32}, ("--aipp",), 2, "--aipp needs float32 [N, 3, 224, 224]"),
        ({}, ("--recipe", "regnety_016"), 2, "--recipe is for --aipp"),
        ({"size": None}, (), 4, "of a fixed size, the model has image float32 [N, 3, ?, ?]"),
        ({}, ("--out", "RegNetY-1.6GF"), 2, "must end in .om"),
        ({}, ("--dynamic-batch", "1,4096"), 2, "between 1 and 2048"),
        ({}, ("--dynamic-batch", "1;2"), 2, "not a list such as"),
        ({}, ("--precision", "best"), 2, "none of force_fp16"),
        ({}, ("--log", "all"), 2, "none of debug"),
        ({}, ("--out", "a b.om"), 2, "not ' '; rename it"),
        ({}, ("--out", "no/such/a.om"), 4, "no/such: no such folder"),
    ],
)
def test_what_atc_would_refuse(
    tmp_path: Path,
    made: dict[str, object],
    options: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    model = model_in(tmp_path / "models", **made)
    result = to_om(model, *options)
    assert words in result.stderr
    assert result.exit_code == code
    assert files(model) == [model.name]


@pytest.mark.usefixtures("atc")
def test_a_fused_model_keeps_its_pixels(exported_models: ExportedModels, tmp_path: Path) -> None:
    result = to_om(exported_models.path("fused"), "--batch", 4, "--out", tmp_path / "fused.om")
    assert result.exit_code == 0, result.stderr
    assert "takes image uint8 [N, 224, 224, 3]" in result.stdout
    header, _ = read_om(tmp_path / "fused.om")
    assert (header["dtype"], header["shape"]) == ("uint8", [224, 224, 3])
    record = read_record(tmp_path / "fused.om")
    assert record is not None
    assert "--input_format=ND" in record.command


def test_a_static_model_keeps_its_batch_size(tmp_path: Path) -> None:
    model = model_in(tmp_path / "models", batch=4)
    assert "--input_shape=image:4,3,224,224" in to_om(model, "--print").stdout


def test_models_that_are_no_classifiers(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = model_in(tmp_path / "models")
    model = onnx.load(path)
    model.graph.input.add().CopyFrom(model.graph.input[0])
    model.graph.input[1].name = "mask"
    onnx.save(model, path)
    result = to_om(path)
    assert result.exit_code == 4
    assert "the model has image float32 [N, 3, 224, 224], mask float32" in result.stderr
    path.write_bytes(b"no model")
    assert "not an ONNX model" in to_om(path).stderr
    path.write_bytes(b"")
    assert "not an ONNX model" in to_om(path).stderr


@pytest.mark.slow
@pytest.mark.usefixtures("atc")
def test_records_are_checked(model: Path) -> None:
    assert to_om(model).exit_code == 0
    om = model.with_name("RegNetY-1.6GF_bs1.om")
    om.write_bytes(om.read_bytes() + b"!")
    with pytest.raises(BackendError, match="belongs to another"):
        read_record(om)
    record_path(om).write_text("{}")
    with pytest.raises(BackendError, match="not the record of a model"):
        read_record(om)
    record_path(om).unlink()
    assert read_record(om) is None
    with pytest.raises(UsageError, match="does not say how it wants its images"):
        read_metadata(om)


def test_om_needs_a_chip_and_aipp_a_recipe(tmp_path: Path) -> None:
    path = save_model(tmp_path / "m.onnx", says_recipe=False)
    result = regcore("convert", path, "--to", "om")
    assert result.exit_code == UsageError.exit_code
    assert "--to om needs --soc" in result.stderr
    assert "give --recipe" in to_om(path, "--aipp").stderr


@pytest.mark.usefixtures("atc")
@pytest.mark.parametrize("options", [(), ("--aipp",)])
def test_the_record_tells_of_the_quantisation(model: Path, options: tuple[str, ...]) -> None:
    onnx = pytest.importorskip("onnx")
    made = onnx.load(model)
    made.metadata_props.add(key="regcore.quantization", value='{"calibration": "it"}')
    made.metadata_props.add(key="others", value="not carried")
    onnx.save(made, model)
    answer = json.loads(to_om(model, *options, "--json").stdout)
    record = read_record(Path(answer["path"]))
    assert record is not None
    assert record.properties["regcore.quantization"] == '{"calibration": "it"}'
    assert "others" not in record.properties
    assert "regcore.recipe" in record.properties
