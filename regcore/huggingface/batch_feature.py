"""What an image processor returns: a dict whose values are attributes, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regcore.frameworks import import_torch

if TYPE_CHECKING:
    from typing_extensions import Self


class BatchFeature(dict[str, Any]):
    """`features["pixel_values"]` and `features.pixel_values`, as transformers' BatchFeature."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no {name!r}; there are {', '.join(self)}") from None

    def to(self, *args: Any, **options: Any) -> Self:  # noqa: ANN401
        """Moves the tensors to a device or dtype, as Tensor.to; itself, for a chain of calls.

        A dtype is for tensors of floating point; others only go to the device.
        """
        torch = import_torch()
        for name, value in self.items():
            if not isinstance(value, torch.Tensor):
                continue
            if value.is_floating_point():
                self[name] = value.to(*args, **options)
                continue
            places = [*args, options.get("device")]
            device = next((p for p in places if isinstance(p, (str, int, torch.device))), None)
            self[name] = value if device is None else value.to(device)
        return self
