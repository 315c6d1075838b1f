"""Which images preprocess_images prepares, by which recipe, and into which files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from regcore.api.messages import Log, log_listing
from regcore.api.options import (
    PrepareOptions,
    PreprocessorOptions,
    check_names,
    existing,
    existing_images,
    select,
)
from regcore.api.photo_list import chosen_photos
from regcore.api.recipe_choice import GUIDES_RECIPE, choose_recipe
from regcore.backends.registry import read_metadata
from regcore.errors import UsageError
from regcore.files.arguments import as_path
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.sources.protocol import ImageSource, is_url
from regcore.store.layout import pack_form
from regcore.store.manifest_form import StoreLayout
from regcore.store.progress import TooManyBadError

_PACK_BYTES = 1 << 30


class StoreOptions(PrepareOptions, total=False):
    """Which images are prepared, and the files that they go to.

    batch_size: few large files of whole batches of so many images, instead of one file an image;
    pad: the last batch of each is filled up with zeros; pack_bytes: their largest size, by default
    1 GiB. keep_folders: `out` gets the folders of `src`. list_file: only the images named in this
    file. limit: only so many images, the first ones. on_error: go on at a bad image, or stop;
    max_bad: stop at more bad images than this. for_model: prepare images as this model wants them.
    """

    batch_size: int | None
    pad: bool
    pack_bytes: int
    keep_folders: bool
    list_file: str | Path | None
    limit: int | None
    on_error: Literal["report", "fail"]
    max_bad: int | None
    for_model: str | Path | None


@dataclass(frozen=True)
class PreprocessJob:
    """What preprocess_images is to do.

    recipe_name, is_chosen: what to call the recipe, and whether anybody chose it. allowed: so many
    images may be bad; None: any number.
    """

    preprocessor: Preprocessor
    recipe_name: str
    is_chosen: bool
    source: ImageSource
    out: Path | str
    form: StoreLayout
    allowed: int | None


def plan_job(src: str | Path, out: str | Path, options: StoreOptions, log: Log) -> PreprocessJob:
    """Chooses the recipe, lists the images, and checks what the options say together."""
    check_names(options, StoreOptions)
    src = existing_images(src)
    for_model = options.get("for_model")
    own = None if for_model is None else read_metadata(existing(for_model))
    name = options.get("recipe")
    is_chosen = own is not None or name is not None
    name, recipe = choose_recipe(
        name if is_chosen else GUIDES_RECIPE,
        own,
        log,
        dtype=options.get("dtype"),
        layout=options.get("layout"),
    )
    if own is not None and recipe.size != own.recipe.size:
        raise UsageError(
            f"{for_model}: takes images of {_sides(own.recipe)}, but {name} gives "
            f"{_sides(recipe)}; choose another recipe, or leave out --for"
        )
    if not is_chosen:
        _log_default(name, recipe, log)
    form = _form(recipe, options)
    preprocessor = Preprocessor(recipe, **select(options, PreprocessorOptions))
    source = _source(src, options.get("list_file"), options.get("limit"))
    if not is_url(str(out)):
        out = as_path("out", out)
    if _is_one_of(out, src, source.root):
        raise UsageError(f"{out}: OUT is the folder of SRC; the results need one of their own")
    log_listing(log, source)
    allowed = 0 if options.get("on_error") == "fail" else options.get("max_bad")
    if allowed is not None and len(source.broken) > allowed:
        raise TooManyBadError(source.broken, allowed)
    return PreprocessJob(preprocessor, name, is_chosen, source, out, form, allowed)


def _is_one_of(out: str | Path, *places: str | Path) -> bool:
    return _place(out) in map(_place, places)


def _place(spelled: str | Path) -> str | Path:
    """What two spellings of a folder have in common: its path from the root on, or else its URL."""
    text = str(spelled)
    if not is_url(text):
        return Path(spelled).resolve()
    scheme, _, path = text.partition("://")
    return Path(path).resolve() if scheme in {"file", "local"} else text.rstrip("/")


def _sides(recipe: Recipe) -> str:
    return " x ".join(map(str, recipe.size))


def _log_default(name: str, recipe: Recipe, log: Log) -> None:
    log(
        f"by the recipe {name} ({recipe.identity}), the guide's, as none was chosen: "
        "--recipe RECIPE or --for MODEL chooses one"
    )


def _form(recipe: Recipe, options: StoreOptions) -> StoreLayout:
    batch_size = options.get("batch_size")
    pad, keep_folders = options.get("pad", False), options.get("keep_folders", False)
    if batch_size is None and pad:
        raise UsageError("--pad needs --pack: single images have no batch")
    if batch_size is not None and keep_folders:
        raise UsageError("--keep-folders is for single files, not for --pack")
    if batch_size is None:
        return StoreLayout(keep_folders=keep_folders)
    return pack_form(
        recipe, batch_size, padded=pad, pack_bytes=options.get("pack_bytes", _PACK_BYTES)
    )


def _source(src: str | Path, list_file: str | Path | None, limit: int | None) -> ImageSource:
    source = chosen_photos(src, None if list_file is None else Path(list_file))
    return source if limit is None else source.chosen(source.names[:limit])
