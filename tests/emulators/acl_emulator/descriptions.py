"""acl.mdl: what a model takes and gives."""

from __future__ import annotations

from typing import Any

from acl_emulator.errors import AclError, Code
from acl_emulator.machine import Machine
from acl_emulator.models import DATA_TYPES, Model, Tensor
from acl_emulator.surface import action, getter, value


class Descriptions:
    """Functions acl.mdl.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @getter
    def create_desc(self) -> int:
        return self._machine.handles.add("description", {})

    @action
    def get_desc(self, desc: int, model: int) -> None:
        found: dict[str, Model] = self._machine.handles.get("description", desc)
        found["model"] = self._machine.handles.get("model", model, Code.INVALID_MODEL_ID)

    @action
    def destroy_desc(self, desc: int) -> None:
        self._machine.handles.remove("description", desc)

    def _model(self, desc: int) -> Model:
        found: dict[str, Model] = self._machine.handles.get("description", desc)
        if "model" not in found:
            raise AclError(Code.INVALID_PARAM, "the description is empty: call get_desc first")
        return found["model"]

    @getter
    def get_num_inputs(self, desc: int) -> int:
        return len(self._model(desc).inputs)

    @getter
    def get_num_outputs(self, desc: int) -> int:
        return len(self._model(desc).outputs)

    def _tensor(self, desc: int, index: int, *, output: bool) -> Tensor:
        model = self._model(desc)
        tensors = model.outputs if output else model.inputs
        if not 0 <= index < len(tensors):
            raise AclError(Code.INVALID_PARAM, f"no tensor {index} among {len(tensors)}")
        return tensors[index]

    @getter
    def get_input_size_by_index(self, desc: int, index: int) -> int:
        return self._tensor(desc, index, output=False).size

    @getter
    def get_output_size_by_index(self, desc: int, index: int) -> int:
        return self._tensor(desc, index, output=True).size

    @getter
    def get_input_data_type(self, desc: int, index: int) -> int:
        return DATA_TYPES[self._tensor(desc, index, output=False).dtype]

    @getter
    def get_output_data_type(self, desc: int, index: int) -> int:
        return DATA_TYPES[self._tensor(desc, index, output=True).dtype]

    @getter
    def get_input_format(self, desc: int, index: int) -> int:
        return self._tensor(desc, index, output=False).format

    @value
    def get_input_dims(self, desc: int, index: int) -> dict[str, Any]:
        return _dims(self._tensor(desc, index, output=False))

    @value
    def get_output_dims(self, desc: int, index: int) -> dict[str, Any]:
        return _dims(self._tensor(desc, index, output=True))

    @value
    def get_input_index_by_name(self, desc: int, name: str) -> int:
        names = [tensor.name for tensor in self._model(desc).inputs]
        if name not in names:
            raise AclError(Code.INVALID_PARAM, f"no input {name}", rule=False)
        return names.index(name)

    @value
    def get_dynamic_batch(self, desc: int) -> dict[str, Any]:
        gears = self._model(desc).gears
        return {"batchCount": len(gears), "batch": list(gears)}


def _dims(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "dimCount": len(tensor.dims), "dims": list(tensor.dims)}
