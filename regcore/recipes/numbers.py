"""The numbers of a recipe, checked: sizes, colours, values for each channel."""

from __future__ import annotations

import numpy as np

from regcore.errors import UsageError
from regcore.files.arguments import shown

#: Numbers for each channel, in the order of the recipe's channels.
PerChannel = tuple[float, ...]

LARGEST_SIDE = 16384
#: The filters by their numbers in PIL.Image.Resampling.
PILLOW_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
#: Around a picture that is smaller than the crop, in torchvision and Hugging Face.
BLACK = (0, 0, 0)

_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_BYTE_SCALE = 255.0
# Pixels have no mean above the largest of them; some recipes stretch the range to twice that.
_LARGEST_MEAN = 2.0
# What the deviations of photos are on the scale 0 to 255, up to all of it. Other large numbers may
# be meant: whoever divides by a million has not mistaken the scale.
_BYTE_DEVIATIONS = (16.0, 256.0)
# By which pixels become so small that deviations of 0 to 255 are evidently not theirs.
_SMALLEST_DIVISOR = 16.0


def side_or_pair(name: str, value: object) -> int | tuple[int, int] | None:
    """Pixels of one side, or of (rows, columns), each 1 to LARGEST_SIDE; None is left as it is."""
    if value is None:
        return None
    if isinstance(value, (tuple, list)):
        if len(value) != 2:  # noqa: PLR2004
            raise UsageError(f"recipe: {name} must be pixels, or rows and columns: {shown(value)}")
        return (_side(name, value[0]), _side(name, value[1]))
    return _side(name, value)


def _side(name: str, value: object) -> int:
    side = _whole(name, value)
    if not 1 <= side <= LARGEST_SIDE:
        raise UsageError(f"recipe: {name} must be 1 to {LARGEST_SIDE} pixels, not {shown(value)}")
    return side


def _whole(name: str, value: object) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise UsageError(f"recipe: {name} must be a whole number, not {shown(value)}")
    return int(value)


def colour(name: str, value: object) -> tuple[int, int, int] | None:
    """Red, green and blue, each 0 to 255; None is left as it is."""
    if value is None:
        return None
    if not isinstance(value, (tuple, list)) or len(value) != 3:  # noqa: PLR2004
        raise UsageError(f"recipe: {name} needs red, green and blue, not {shown(value)}")
    parts = [_whole(name, part) for part in value]
    if not all(0 <= part <= _BYTE_SCALE for part in parts):
        raise UsageError(f"recipe: {name} needs parts of 0 to 255, not {shown(value)}")
    return (parts[0], parts[1], parts[2])


def exceeds(crop: tuple[int, int], resize: int | tuple[int, int] | None) -> bool:
    """Whether a crop may be larger than the picture: than what the resize ensures, or with none."""
    if resize is None:
        return True
    least = (resize, resize) if isinstance(resize, int) else resize
    return any(cut > side for cut, side in zip(crop, least, strict=True))


def plain(value: object) -> object:
    """The value of a field as JSON has it, with lists for tuples."""
    return list(value) if isinstance(value, tuple) else value


def zero_point(dtype: str, value: object) -> int:
    """A value that `dtype` has."""
    least, most = (-128, 127) if dtype == "int8" else (0, 255)
    number = _whole("quant_zero_point", value)
    if not least <= number <= most:
        raise UsageError(
            f"recipe: quant_zero_point must be {least} to {most} for {dtype}, not {shown(value)}"
        )
    return number


def positive(name: str, value: object) -> float:
    """A number above zero, also once it is rounded to float32."""
    number = _finite(value)
    if number is None or not np.float32(number) > 0:
        raise UsageError(f"recipe: {name} must be a positive number, not {shown(value)}")
    return number


def per_channel(name: str, value: object, count: int) -> PerChannel:
    """`count` finite numbers, whatever sequence or array they come in."""
    given = value.tolist() if isinstance(value, np.ndarray) else value
    numbers = [_finite(each) for each in given] if isinstance(given, (tuple, list)) else []
    values = tuple(number for number in numbers if number is not None)
    if len(values) != count or len(numbers) != count:
        needed = "three finite numbers" if count > 1 else "one finite number"
        raise UsageError(f"recipe: {name} needs {needed}, not {shown(value)}")
    return values


def check_scale(mean: PerChannel, std: PerChannel, divisor: float) -> None:
    """Raises UsageError where mean or std is evidently of another scale than the divisor's."""
    if divisor >= _SMALLEST_DIVISOR:
        scale = _BYTE_SCALE / divisor
        large_mean = max(map(abs, mean)) > _LARGEST_MEAN * scale
        large_std = all(_BYTE_DEVIATIONS[0] <= value <= _BYTE_DEVIATIONS[1] for value in std)
        for name, values, large in (("mean", mean, large_mean), ("std", std, large_std)):
            if large:
                raise UsageError(
                    f"recipe: {name} {values} is on the scale 0 to 255; the recipe wants it on "
                    f"the scale 0 to {scale:g}, so divide it by {divisor:g}, or say divisor 1"
                )
    if divisor == 1 and all(0 < value < 1 for value in std):
        small_mean = all(0 < value < 1 for value in mean)
        raise UsageError(
            f"recipe: {f'mean {mean} and std {std} are' if small_mean else f'std {std} is'} on the "
            "scale 0 to 1, but divisor 1 leaves pixels on that of 0 to 255"
        )


def _finite(value: object) -> float | None:
    """A finite float32, or None."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (int, float, np.integer, np.floating)
    ):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond all floats
        return None
    return number if abs(number) <= _LARGEST_FLOAT32 else None
