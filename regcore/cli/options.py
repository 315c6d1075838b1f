"""Options that several commands share."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore._native.choices import (
    DTYPES,
    LAYOUTS,
    MAX_PIXELS,
    MAX_SCANS,
    MAX_WORKERS,
    ON_WARNING,
)
from regcore.cli.docstrings import docstring_of
from regcore.images.folder_orders import FOLDER_ORDERS
from regcore.scores.registry import metric_names

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def byte_size(text: str) -> int:
    """The type of options such as 512MiB, 4GB or 1000000: a number of bytes."""
    given = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([kmg]i?|)b?", text.strip().lower())
    if given is None:
        raise click.BadParameter(f"{text!r} is not a size such as 512MiB or 4GB")
    return int(float(given[1]) * _UNITS[given[2]])


class FiniteFloat(click.FloatRange):
    """A number in a range; NaN, which every comparison lets pass, and infinity are none."""

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """See click.ParamType."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def batch_sizes(text: str) -> tuple[int, ...]:
    """The type of options such as 1,4,8,16."""
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise click.BadParameter(f"{text!r} is not a list such as 1,4,8,16") from None
    return sizes


class _CompletedAsFile:
    """Lets shells complete files and folders."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """See click.ParamType."""
        return click.Path().shell_complete(ctx, param, incomplete)


class FileLike(_CompletedAsFile, click.types.StringParamType):
    """The type of a text that often is the name of a file."""


class Photos(_CompletedAsFile, click.ParamType["str | Path"]):
    """The type of an argument that says where photos are: a path, or what stands for several."""

    name = "photos"

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | Path:
        """See click.ParamType."""
        from regcore.sources.spelling import is_spelled

        if is_spelled(str(value)):
            return str(value)
        path: Path = click.Path(exists=True, path_type=Path).convert(value, param, ctx)
        return path


class StoreFolder(_CompletedAsFile, click.ParamType[str]):
    """The type of an argument that says where a store is, or will be: a folder, or a URL."""

    name = "folder"

    def __init__(self, *, exists: bool) -> None:
        self._exists = exists

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """See click.ParamType."""
        from regcore.sources.protocol import is_url

        if is_url(str(value)):
            return str(value)
        path = click.Path(exists=self._exists, file_okay=False).convert(value, param, ctx)
        return os.fsdecode(path)


#: For the help of commands whose argument says where photos are.
PHOTOS_HELP = """\
Photos are a folder with its sub-folders, an image file, a list of image files or archives (.lst,
.list, .txt: one path a line, from the list's own folder on or absolute), or kept inside other
files: .tar (as WebDataset writes it), .zip, .parquet, .arrow, .feather (columns 'image' and
'label', as of Hugging Face), an LMDB. Several shards are
one list as 'shard-{000..063}.tar' or 'shard-*.tar', and fsspec opens URLs such as
s3://bucket/val-{00..63}.tar or hf://datasets/NAME/val.parquet. An image inside is named as
shard-000.tar::n01440764/x.jpg.
"""


def photos_help(command: Callable[..., None]) -> Callable[..., None]:
    """Puts PHOTOS_HELP into the docstring of a command, before its examples."""
    text, mark, examples = docstring_of(command).partition("\b\n")
    command.__doc__ = f"{text}{PHOTOS_HELP}\n{mark}{examples}"
    return command


def _recipe_option(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--recipe",
        metavar="RECIPE",
        help="How the model wants its images: timm:NAME, torchvision:WEIGHTS, hf:FOLDER, "
        "FILE.json, 'resize=256,crop=224,filter=...,mean=...,std=...', or another one that "
        f"'regcore recipe list' shows.  [default: {default}]",
    )


_FORM_OPTIONS = (
    click.option(
        "--dtype",
        type=click.Choice(DTYPES),
        help="Instead of the recipe's; uint8 leaves mean and std to the device.",
    ),
    click.option("--layout", type=click.Choice(LAYOUTS), help="Instead of the recipe's."),
)

_PREPROCESSOR_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(1, MAX_WORKERS),
        help="Preprocessing threads.  [default: one for each CPU]",
    ),
    click.option(
        "--full-decode",
        is_flag=True,
        help="Decode whole JPEGs, not just what the crop needs; the pixels are the same.",
    ),
    click.option(
        "--memory",
        type=byte_size,
        metavar="SIZE",
        help="Bound of what all images in work hold together, e.g. 4GiB; large ones wait for each "
        "other, or are refused by name.  [default: none]",
    ),
    click.option(
        "--max-file-bytes",
        type=byte_size,
        metavar="SIZE",
        default="1GiB",
        show_default=True,
        help="Larger image files are refused.",
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(min=1),
        default=MAX_PIXELS,
        show_default=f"Pillow's limit, {MAX_PIXELS}",
        help="Larger images are refused. What Pillow decodes, as PNG, is refused over its own "
        "limit in any case.",
    ),
    click.option(
        "--max-scans",
        type=click.IntRange(min=1),
        default=MAX_SCANS,
        show_default=True,
        help="Progressive JPEGs with more scans are refused.",
    ),
    click.option(
        "--on-warning",
        type=click.Choice(ON_WARNING),
        default="report",
        show_default=True,
        help="Damage that libjpeg repairs: count it, or refuse such images; ignore is 5 % faster, "
        "as it does not look behind the part that is decoded.",
    ),
)
#: For commands that read stores.
verify_option = click.option(
    "--no-verify",
    "verify",
    flag_value=False,
    default=True,
    help="Do not look at the checksums of a store's values.",
)

#: For commands that take a part of a folder.
list_option = click.option(
    "--list",
    "list_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Only the images named in this file, in its order: a path on each line, or NUL-separated, "
    "from the folder of the images on (wherever this file lies), or absolute; SHARD::PATH in "
    "archives.",
)


#: For commands whose work a cluster can do.
ray_option = click.option(
    "--ray",
    metavar="ADDRESS",
    help="Have a Ray cluster do the work: local (a Ray of its own), auto, HOST:PORT, or ray://...; "
    "all its nodes see the files by these names, and --workers are threads of a task.",
)


class LabelSource(click.Path):
    """A label file, or the word for an order of class folders."""

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """See click.ParamType."""
        return value if value in FOLDER_ORDERS else super().convert(value, param, ctx)


labels_option = click.option(
    "--labels",
    metavar=f"FILE|{'|'.join(FOLDER_ORDERS)}",
    type=LabelSource(exists=True, dir_okay=False, path_type=Path),
    help="The true classes. FILE: NAME INDEX in each line; CSV or TSV with a header, such as "
    "Kaggle's; the devkit's ground truth; or a class map, a class folder in each line. folders: "
    "class folders by their sorted names, as torchvision's ImageFolder. wordnet: by ImageNet's "
    "order of their WordNet ids. numbers: by their numbers.  [default: the labels in the archives "
    "or tables of IMAGES; else wordnet, or numbers (0 to 9 or 999), where folders are called so]",
)

metric_option = click.option(
    "--metric",
    "metrics",
    multiple=True,
    type=click.Choice(metric_names()),
    help="Also measure this, beside TopN; can be given several times.",
)

real_option = click.option(
    "--real",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="ReaL's labels (real.json; timm has them as imagenet_real_labels.json): also measure for "
    "how many of ImageNet's validation images one of the classes that people saw is the best.",
)

_JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def preprocess_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that say how images are preprocessed, and --json.

    They are named as in regcore.api.options.
    """
    return preprocess_options_by("what the model itself says")(command)


def preprocess_options_by(recipe: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The same for a command with another default of --recipe, which is said in its help."""

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        recipes = (_recipe_option(recipe), *_FORM_OPTIONS)
        for option in reversed((*recipes, *_PREPROCESSOR_OPTIONS, _JSON_OPTION)):
            command = option(command)
        return command

    return decorated
