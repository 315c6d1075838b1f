"""The recipe of a list of torchvision's transforms, whose first one gets a PIL image.

A resize after ToImage or PILToTensor is that of tensors, which are other pixels.

They are known by their names, v1's and v2's alike, so that neither has to be imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from regcore._native.choices import FILTERS
from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.numbers import BLACK, PILLOW_FILTERS, exceeds
from regcore.recipes.recipe import Recipe

_LISTS = ("Compose", "Sequential")
_ROOMS = ("torchvision.transforms.", "torch.nn.modules.container")
_FLOAT32 = "torch.float32"
#: What makes tensors of uint8.
_TO_TENSORS = ("PILToTensor", "ToImage")
#: The order that a recipe has, as the places of the steps in it.
_GRAY, _TENSOR_BEFORE, _RESIZE, _CROP, _TENSOR, _FLOAT, _NORMALIZE = range(7)

#: Fields of a recipe.
_Fields = dict[str, Any]


def class_name(value: object) -> str:
    """The class of a step with its module, or the function that a step is."""
    kind = value if hasattr(value, "__qualname__") else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def compose_steps(source: object) -> list[object] | None:
    """The steps of a Compose or Sequential, also of those inside it; None for all else."""
    if not _is_torchs(source) or type(source).__name__ not in _LISTS:
        return None
    steps: list[object] = []
    inside: Any = getattr(source, "transforms", source)
    for step in inside:
        inner = compose_steps(step)
        steps += [step] if inner is None else inner
    return steps


def recipe_of_steps(steps: Sequence[object]) -> Recipe:
    """The recipe of these steps in this order; UsageError names the one that has none."""
    fields: _Fields = {"resize": None, "crop": None, "mean": (0,) * 3, "std": (1,) * 3}
    fields |= {"dtype": "uint8", "is_tensor": False}
    done: list[tuple[int, str]] = []
    for step in steps:
        name = type(step).__name__
        if not _is_torchs(step) or name not in _READERS:
            raise UsageError(f"torchvision: no recipe has a step {class_name(step)}")
        if _keeps_pixels(step, fields):
            continue
        for usual_place, read in _READERS[name]:
            place = _place(name, usual_place, done)
            if done and place <= done[-1][0]:
                raise UsageError(
                    f"torchvision: {name} after {done[-1][1]}: a recipe has Grayscale, Resize, "
                    "CenterCrop, the conversion to float32 and Normalize once, in this order"
                )
            done.append((place, name))
            try:
                fields |= read(step, fields)
            except UsageError as error:
                raise UsageError(f"torchvision: {name}: {error}") from error
    places = [place for place, _ in done]
    if not {_TENSOR, _TENSOR_BEFORE} & set(places):
        raise UsageError("torchvision: needs ToTensor, PILToTensor or ToImage")
    if _NORMALIZE in places and _FLOAT not in places:
        raise UsageError("torchvision: Normalize needs a conversion to float32")
    return _recipe(fields)


def _place(name: str, usual_place: int, done: Sequence[tuple[int, str]]) -> int:
    """Tensors of uint8 may be made at the usual place, or before the resize."""
    is_early = not done or done[-1][0] < _TENSOR_BEFORE
    return _TENSOR_BEFORE if name in _TO_TENSORS and is_early else usual_place


def _recipe(fields: _Fields) -> Recipe:
    del fields["is_tensor"]
    resize, crop = fields["resize"], fields["crop"]
    if crop is None and not isinstance(resize, tuple):
        raise UsageError(
            "torchvision: needs a CenterCrop, or a Resize to rows and columns: without them the "
            "images have no fixed size"
        )
    if crop is not None and exceeds(crop, resize):
        fields["fill"] = BLACK  # torchvision's CenterCrop pads with zeros
    try:
        return Recipe(**fields)
    except UsageError as error:
        raise UsageError(f"torchvision: {error}") from error


def _gray(step: Any, _: _Fields) -> _Fields:  # noqa: ANN401
    if step.num_output_channels != 1:
        raise UsageError(f"num_output_channels {shown(step.num_output_channels)} is not 1")
    return {"channels": "gray", "mean": (0,), "std": (1,)}


def _resize(step: Any, fields: _Fields) -> _Fields:  # noqa: ANN401
    if step.max_size is not None:
        raise UsageError(f"no recipe has a max_size, here {shown(step.max_size)}")
    size = list(step.size) if isinstance(step.size, (tuple, list)) else [step.size]
    return {
        "resize": size[0] if len(size) == 1 else tuple(size),
        "filter": _filter(step.interpolation, is_tensor=fields["is_tensor"]),
        "flavour": _resizer(step, fields),
    }


def _resizer(step: Any, fields: _Fields) -> str:  # noqa: ANN401
    """transforms.v2 resizes tensors of uint8 as they are, transforms by way of float32."""
    if not fields["is_tensor"]:
        return "pillow"  # which does not know antialias=False
    picks = _filter(step.interpolation, is_tensor=True).startswith("nearest")
    if picks or step.antialias is not False:
        return "torch" if _is_v2(step) else "torch_float"
    if not _is_v2(step):
        raise UsageError("antialias False of tensors by way of float32 is in no recipe")
    return "torch_no_antialias"


def _filter(interpolation: Any, *, is_tensor: bool) -> str:  # noqa: ANN401
    if isinstance(interpolation, int):
        name = dict(enumerate(PILLOW_FILTERS)).get(interpolation)
    else:
        name = getattr(interpolation, "value", interpolation)
    if name == "nearest-exact":
        if is_tensor:
            return "nearest_exact"
        name = "nearest"  # the same for PIL images
    if name not in FILTERS:
        raise UsageError(f"interpolation {shown(interpolation)} is none of {', '.join(FILTERS)}")
    return str(name)


def _crop(step: Any, _: _Fields) -> _Fields:  # noqa: ANN401
    size = list(step.size) if isinstance(step.size, (tuple, list)) else [step.size]
    return {"crop": (size[0], size[-1])}


def _tensor(_step: object, _: _Fields) -> _Fields:
    return {"is_tensor": True}


def _divided(_step: object, _: _Fields) -> _Fields:
    return {"dtype": "float32", "divisor": 255}


def _convert_dtype(step: Any, fields: _Fields) -> _Fields:  # noqa: ANN401
    _check_float32(step.dtype)
    return _multiplied() if _is_v2(step) else _divided(step, fields)


def _to_dtype(step: Any, _: _Fields) -> _Fields:  # noqa: ANN401
    _check_float32(step.dtype)
    return _multiplied() if step.scale else {"dtype": "float32", "divisor": 1}


def _multiplied() -> _Fields:
    """transforms.v2 has a product where ToTensor divides; they differ in the last bit."""
    return {"dtype": "float32", "divisor": 255, "arithmetic": "product"}


def _check_float32(dtype: object) -> None:
    if str(dtype) != _FLOAT32:
        raise UsageError(f"dtype {shown(dtype)} is not {_FLOAT32}")


def _normalize(step: Any, fields: _Fields) -> _Fields:  # noqa: ANN401
    count = len(fields["mean"])
    mean, std = (_values(each, count) for each in (step.mean, step.std))
    return {"mean": mean, "std": std}


def _values(values: Any, count: int) -> tuple[float, ...]:  # noqa: ANN401
    listed = values.tolist() if hasattr(values, "tolist") else values
    numbers = tuple(listed) if isinstance(listed, (tuple, list)) else (listed,)
    return numbers * count if len(numbers) == 1 else numbers


def _keeps_pixels(step: Any, fields: _Fields) -> bool:  # noqa: ANN401
    """Whether it is a conversion to the dtype that pixels have anyhow."""
    dtype = str(getattr(step, "dtype", ""))
    return type(step).__name__ == "ToDtype" and dtype == "torch.uint8" == f"torch.{fields['dtype']}"


def _is_v2(step: object) -> bool:
    return ".v2." in type(step).__module__


def _is_torchs(step: object) -> bool:
    return f"{type(step).__module__}.".startswith(_ROOMS)


_Reader = Callable[[Any, _Fields], _Fields]
#: What each class does, by its name: places in the order of a recipe, and what stands there.
_READERS: dict[str, tuple[tuple[int, _Reader], ...]] = {
    "Grayscale": ((_GRAY, _gray),),
    "Resize": ((_RESIZE, _resize),),
    "CenterCrop": ((_CROP, _crop),),
    "PILToTensor": ((_TENSOR, _tensor),),
    "ToImage": ((_TENSOR, _tensor),),
    "ToTensor": ((_TENSOR, _tensor), (_FLOAT, _divided)),
    "ConvertImageDtype": ((_FLOAT, _convert_dtype),),
    "ToDtype": ((_FLOAT, _to_dtype),),
    "Normalize": ((_NORMALIZE, _normalize),),
}
