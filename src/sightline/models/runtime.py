"""ONNX Runtime, set up once for everything that runs a model here."""

from __future__ import annotations

import enum
import math
from typing import Any

import numpy as np
import onnxruntime
import structlog
from numpy.typing import NDArray

from sightline.exceptions import ModelError

__all__ = ["Device", "Session", "fallback_note"]

_LOG_ERRORS_ONLY = 3

_log = structlog.get_logger(__name__)


class Device(enum.StrEnum):
    """What computes. All but `CPU` need an ONNX Runtime that was built with it."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    OPENVINO = "openvino"


_PROVIDERS: dict[Device, tuple[str, ...]] = {
    Device.CPU: ("CPUExecutionProvider",),
    Device.CUDA: ("CUDAExecutionProvider", "CPUExecutionProvider"),
    # What TensorRT cannot do of a graph, CUDA does.
    Device.TENSORRT: ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
    Device.OPENVINO: ("OpenVINOExecutionProvider", "CPUExecutionProvider"),
}
_DEVICES = {providers[0]: device for device, providers in _PROVIDERS.items()}
_PACKAGES = {
    Device.CUDA: "onnxruntime-gpu",
    Device.TENSORRT: "onnxruntime-gpu and TensorRT",
    Device.OPENVINO: "onnxruntime-openvino",
}


class Session:
    """One model, loaded. `run` may be called from several threads; it releases the interpreter lock.

    `threads` is the number of threads one call computes with. `device` is where it runs: the one asked for, or the CPU
    where this machine or this ONNX Runtime has not got it. `input_shape` and `output_shapes`
    have `None` where a dimension is free. Raises `ModelError` when `content` is no model that the runtime can load.
    """

    def __init__(self, name: str, content: bytes, *, threads: int = 1, device: Device = Device.CPU) -> None:
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait cost half as much CPU again and gain next to nothing.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Input sizes vary from frame to frame: a memory plan for each would be kept for ever.
        options.enable_mem_pattern = False
        options.log_severity_level = _LOG_ERRORS_ONLY
        there = set(onnxruntime.get_available_providers())
        providers = [provider for provider in _PROVIDERS[device] if provider in there]
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=providers)
        except Exception as error:  # the runtime's exceptions have no common base but this
            raise ModelError(f"the model {name} does not load: {error}", model=name) from error
        # A provider whose libraries are missing is dropped by the runtime without an error.
        self.device = _DEVICES.get(self._session.get_providers()[0], Device.CPU).value
        if self.device != device:
            _log.warning("device_not_used", model=name, asked=device.value, used=self.device)
        (first, *_), outputs = self._session.get_inputs(), self._session.get_outputs()
        self._input = first.name
        self.input_shape = _shape(first.shape)
        self.outputs = tuple(output.name for output in outputs)
        self.output_shapes = tuple(_shape(output.shape) for output in outputs)
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The model's outputs for a batch of pictures, uint8 N × H × W × 3 BGR.

        Raises `ModelError` when the model cannot compute them, or gives a number that is not finite.
        """
        try:
            outputs: list[Any] = self._session.run(None, {self._input: images})
        except Exception as error:  # as above
            raise ModelError(f"the model {self.name} cannot compute this picture: {error}", model=self.name) from error
        for name, output in zip(self.outputs, outputs, strict=True):
            # A sum is finite exactly if all of its parts are, and costs a tenth of asking each of them.
            if output.dtype.kind == "f" and not math.isfinite(float(output.sum(dtype=np.float32))):
                self._refuse(name, output)
        return outputs

    def _refuse(self, name: str, output: NDArray[np.float32]) -> None:
        """Raises `ModelError`, unless only the sum was too large."""
        bad = int(output.size - np.count_nonzero(np.isfinite(output)))
        if bad:
            raise ModelError(
                f"the model {self.name} gave {bad} of {output.size} numbers in {name} that are not finite (NaN or "
                "infinite): it is damaged, or this device computes it wrongly",
                model=self.name,
            )


def _shape(dimensions: list[Any]) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) and size > 0 else None for size in dimensions)


def fallback_note(asked: Device) -> str:
    """Why something runs on the CPU that was to run elsewhere."""
    return (
        f"{asked.value} was asked for and is not to be had here: the CPU is used. "
        f"It needs {_PACKAGES[asked]} and the device's own libraries"
    )
