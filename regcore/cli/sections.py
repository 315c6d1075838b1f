"""The commands by task, and what each is for."""

from __future__ import annotations

from collections.abc import Sequence

#: A task, and of each of its commands the name and what it is for.
Section = tuple[str, Sequence[tuple[str, str]]]

SECTIONS: tuple[Section, ...] = (
    ("Try it", (("demo", "Evaluate a real model on twenty real photos."),)),
    (
        "Prepare a model",
        (
            ("export", "Write timm's or torchvision's model and weights as ONNX."),
            ("convert", "Build what an Ascend or a GPU runs from an ONNX file."),
            ("quantize", "Make an int8 or float16 model of a float32 one."),
            ("inspect", "Show what a model takes and gives, and its recipe."),
            ("recipe", "Show, compare and embed how a model wants its images."),
        ),
    ),
    (
        "Prepare images",
        (
            ("preprocess", "Make files of every photo, ready for a device."),
            ("verify", "Make them again from the photos, and compare every byte."),
            ("calibrate", "Choose and prepare images for a quantiser."),
            ("info", "List images for Ascend's benchmark tool."),
        ),
    ),
    (
        "Run a model",
        (
            ("run", "Evaluate a model on labelled images: its accuracy and rate."),
            ("predict", "Show what a model takes photos for, by class names."),
            ("infer", "Write a model's scores of each image to a file."),
            ("profile", "Find out whether the device or the host is too slow."),
            ("trtexec", "Measure an ONNX file with NVIDIA's trtexec."),
        ),
    ),
    (
        "Judge and compare",
        (
            ("score", "Measure the accuracy of scores that other tools wrote."),
            ("verdict", "Judge a run against published figures, or another run."),
            ("certify", "Judge a port from as few images as it takes."),
            ("compare", "Put rates and accuracies of devices side by side."),
            ("report", "Make one HTML page of a run."),
            ("predictions", "Write a run's predictions for pandas and other tools."),
        ),
    ),
    (
        "Find what is wrong",
        (
            ("doctor", "Compare the pixels of all libraries here; try all devices."),
            ("identify", "Find the recipe that made a tensor of these photos."),
            ("batchcheck", "Find out whether scores depend on the rest of a batch."),
            ("layers", "Find where int8 or float16 leaves the float32 model."),
            ("labels", "Ask scores how labels are numbered, and which are wrong."),
        ),
    ),
    (
        "Find out more",
        (
            ("help", "Show the help of a command."),
            ("completion", "Let bash, zsh or fish complete commands and options."),
            ("schema", "Show what the JSON of a command or file holds."),
        ),
    ),
)
