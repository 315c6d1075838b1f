"""How the images of a store lie in its folder."""

from __future__ import annotations

from pathlib import Path

from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.manifest_form import StoreLayout
from regcore.store.packs import Packs
from regcore.store.single_files import SingleFiles


def arrange(
    preprocessor: Preprocessor,
    source: ImageSource,
    folder: Path,
    form: StoreLayout,
    first_pack: int = 0,
) -> SingleFiles | Packs:
    """The images in the form that they will have; UsageError where two would become one.

    first_pack: the number of the first pack, of a source that has part of a store's images.
    """
    if form.batch_size is None:
        return SingleFiles(preprocessor, source, folder, form)
    return Packs(preprocessor, source, folder, form, first_pack)
