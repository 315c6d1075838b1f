"""acl.mdl: models, datasets, execution."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from acl_emulator.datasets import Dataset
from acl_emulator.errors import AclError, Code, inject
from acl_emulator.machine import Machine
from acl_emulator.memory import Region
from acl_emulator.models import SHAPE_DATA, Model, Tensor, load_model
from acl_emulator.ordering import Stamp
from acl_emulator.surface import action, getter, value


class Inference:
    """Functions acl.mdl.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._loaded = 0

    @value
    def load_from_file(self, path: str) -> int:
        machine = self._machine
        machine.context()
        model = load_model(path, machine.current or 0, machine.settings)
        self._loaded += 1
        return machine.handles.add("model", model, self._loaded)

    @action
    def unload(self, model: int) -> None:
        self._model(model).uses.add(self._machine.host_step(), "unload")
        self._machine.handles.remove("model", model)

    def _model(self, handle: int) -> Model:
        self._machine.context()
        model: Model = self._machine.handles.get("model", handle, Code.INVALID_MODEL_ID)
        if model.context != self._machine.current:
            reason = f"model {handle} was loaded in another context than this thread's"
            raise AclError(Code.INVALID_MODEL_ID, reason)
        return model

    @getter
    def create_dataset(self) -> int:
        return self._machine.handles.add("dataset", Dataset())

    @value
    def add_dataset_buffer(self, dataset: int, buffer: int) -> int:
        found: Dataset = self._machine.handles.get("dataset", dataset)
        self._machine.handles.get("data buffer", buffer)
        found.uses.add(self._machine.host_step(), "add_dataset_buffer")
        found.buffers.append(buffer)
        return dataset

    @getter
    def get_dataset_num_buffers(self, dataset: int) -> int:
        return len(self._machine.handles.get("dataset", dataset).buffers)

    @getter
    def get_dataset_buffer(self, dataset: int, index: int) -> int:
        buffers: list[int] = self._machine.handles.get("dataset", dataset).buffers
        if not 0 <= index < len(buffers):
            raise AclError(Code.INVALID_PARAM, f"no buffer {index} among {len(buffers)}")
        return buffers[index]

    @action
    def destroy_dataset(self, dataset: int) -> None:
        found: Dataset = self._machine.handles.get("dataset", dataset)
        found.uses.add(self._machine.host_step(), "destroy_dataset")
        self._machine.handles.remove("dataset", dataset)

    @action
    def set_dynamic_batch_size(self, model: int, dataset: int, index: int, batch: int) -> None:
        machine, found = self._machine, self._model(model)
        target: Dataset = machine.handles.get("dataset", dataset)
        if not found.gears or index != 1:
            reason = f"input {index} of the model is not {SHAPE_DATA}"
            raise AclError(Code.INVALID_PARAM, reason)
        if batch not in found.gears:
            gears = ", ".join(map(str, found.gears))
            raise AclError(Code.GE_DYNAMIC_BATCH_SIZE_INVALID, f"{batch} is none of {gears}")
        stamp = machine.host_step()
        region = self._region(target, index, "set_dynamic_batch_size")
        self._need(found.inputs[index], region, found.inputs[index].size)
        # The gear is written into the buffer at once, also under a batch that still reads it.
        region.block.uses.add(stamp, "set_dynamic_batch_size", low=region.low, high=region.high)
        target.uses.add(stamp, "set_dynamic_batch_size")
        region.block.write(region.low, region.high)
        region.bytes()[:] = batch % 256
        target.gear = batch

    @action
    def execute(self, model: int, inputs: int, outputs: int) -> None:
        machine = self._machine
        with machine.lock:
            what = f"execute of model {model}"
            seconds, run = self._prepared(model, inputs, outputs, machine.host_step(), what)
            fault = machine.count("task.execute")
        inject(fault)
        machine.note_held_gil("mdl.execute")
        machine.engines_here().compute.run(perf_counter(), seconds, run)

    @action
    def execute_async(self, model: int, inputs: int, outputs: int, stream: int) -> None:
        machine = self._machine
        with machine.lock:
            found = machine.stream(stream)
            stamp = machine.ordering.step(stream)
            what = f"execute_async of model {model} on stream {stream:#x}"
            seconds, run = self._prepared(model, inputs, outputs, stamp, what)
            machine.work("execute", found, machine.engines_here().compute, seconds, run)

    def _prepared(
        self, handle: int, inputs: int, outputs: int, stamp: Stamp, what: str
    ) -> tuple[float, Any]:
        """The seconds that it takes, and what to do; all rules are checked by now."""
        handles = self._machine.handles
        model = self._model(handle)
        given: Dataset = handles.get("dataset", inputs)
        taken: Dataset = handles.get("dataset", outputs)
        self._same_number(given, model.inputs, Code.MODEL_INPUT_NOT_MATCH, "inputs")
        self._same_number(taken, model.outputs, Code.MODEL_OUTPUT_NOT_MATCH, "outputs")
        sources = [self._region(given, i, what) for i in range(len(model.inputs))]
        targets = [self._region(taken, i, what) for i in range(len(model.outputs))]
        batch, given.gear = given.gear or model.batch, None
        self._check_sizes(model, batch, sources, targets)
        # One model_id runs on one stream at a time.
        model.uses.add(stamp, what)
        for region in sources:
            region.block.uses.add(stamp, what, write=False, low=region.low, high=region.high)
        for tensor, region in zip(model.outputs, targets, strict=True):
            used = tensor.size * batch // model.batch
            region.block.uses.add(stamp, what, low=region.low, high=region.low + used)
            region.block.write(region.low, region.low + used)
        for dataset in (given, taken):
            dataset.uses.add(stamp, what, write=False)
            for buffer in dataset.buffers:
                handles.get("data buffer", buffer).uses.add(stamp, what, write=False)

        def run() -> None:
            for region, found in zip(
                targets, model.execute(sources[0].bytes(), batch), strict=True
            ):
                region.bytes()[: found.nbytes] = found.reshape(-1).view("uint8")

        return self._machine.settings.compute_seconds(batch), run

    def _check_sizes(
        self, model: Model, batch: int, sources: list[Region], targets: list[Region]
    ) -> None:
        for i, (tensor, region) in enumerate(zip(model.inputs, sources, strict=True)):
            used = tensor.size * batch // model.batch if i == 0 else tensor.size
            self._need(tensor, region, used)
            # The gear is read only where one was set; then it has values.
            if i == 0 and not region.block.has_values(region.low, region.low + used):
                reason = f"input {tensor.name} has rows that nobody wrote, for a batch of {batch}"
                raise AclError(Code.MODEL_INPUT_NOT_MATCH, reason)
        for tensor, region in zip(model.outputs, targets, strict=True):
            self._need(tensor, region, tensor.size * batch // model.batch)

    @staticmethod
    def _same_number(dataset: Dataset, tensors: tuple[Tensor, ...], code: Code, what: str) -> None:
        if len(dataset.buffers) != len(tensors):
            raise AclError(
                code,
                f"the dataset has {len(dataset.buffers)} buffers, the model {len(tensors)} {what}: "
                + ", ".join(tensor.name for tensor in tensors),
            )

    def _region(self, dataset: Dataset, index: int, what: str) -> Region:
        handles = self._machine.handles
        if index >= len(dataset.buffers):
            raise AclError(Code.INVALID_PARAM, f"{what}: the dataset has no buffer {index}")
        buffer = handles.get("data buffer", dataset.buffers[index])
        region = self._machine.memory.region(buffer.address, buffer.size, what)
        device = self._machine.context().device
        if region.device != device:
            raise AclError(Code.INVALID_PARAM, f"{what}: {region} is not on device {device}")
        return region

    @staticmethod
    def _need(tensor: Tensor, region: Region, used: int) -> None:
        if region.size not in (used, tensor.size):
            reason = f"{tensor.name} has {tensor.size} bytes (now {used}), its buffer {region.size}"
            raise AclError(Code.MODEL_INPUT_NOT_MATCH, reason)
