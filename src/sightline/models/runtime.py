"""ONNX Runtime, set up once for everything that runs a model here."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sightline.exceptions import ModelError

__all__ = ["Session"]

_LOG_ERRORS_ONLY = 3


class Session:
    """One model, loaded. `run` may be called from several threads; it releases the interpreter lock.

    `threads` is the number of threads one call computes with. Raises `ModelError` when `content` is no model
    that the runtime can load.
    """

    def __init__(self, name: str, content: bytes, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait cost half as much CPU again and gain next to nothing.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Input sizes vary from frame to frame: a memory plan for each would be kept for ever.
        options.enable_mem_pattern = False
        options.log_severity_level = _LOG_ERRORS_ONLY
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions have no common base but this
            raise ModelError(f"the model {name} does not load: {error}", model=name) from error
        self.name = name
        self.device = "cpu"
        self._input = self._session.get_inputs()[0].name

    def run(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The model's outputs for a batch of pictures, uint8 N × H × W × 3 BGR."""
        outputs: list[Any] = self._session.run(None, {self._input: images})
        return outputs
