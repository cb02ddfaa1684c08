"""What face networks may run on."""

from __future__ import annotations

from typing import Literal

InferenceProvider = Literal["cpu", "cuda", "tensorrt", "coreml", "directml"]
