"""The orders that classes in folders can be numbered by, as `--labels` names them."""

from __future__ import annotations

from typing import Literal, get_args

#: Their sorted names, as torchvision's ImageFolder has them; ImageNet's order of their WordNet ids;
#: their own numbers.
FolderOrder = Literal["folders", "wordnet", "numbers"]
FOLDER_ORDERS: tuple[str, ...] = get_args(FolderOrder)
