"""Decoding video in hardware, where libav and this machine can."""

from __future__ import annotations

import av
import av.error
from av.codec.hwaccel import HWAccel

from sightline.exceptions import ConfigurationError

__all__ = ["KINDS", "accelerator"]

KINDS = ("cuda", "vaapi", "qsv", "videotoolbox", "d3d11va")
"""What libav calls the decoders of NVIDIA, of Linux's video API, of Intel, of macOS and of Windows."""


def accelerator(kind: str) -> HWAccel:
    """A decoder in hardware for H.264, tried here; video that it cannot decode is decoded in software all the same.

    Frames come back into this machine's memory, where the analysis needs them. Raises `ConfigurationError`.
    """
    try:
        HWAccel(kind, allow_software_fallback=False).create(av.Codec("h264", "r"))
    except NotImplementedError:
        raise ConfigurationError(f"this build of libav cannot decode with {kind}") from None
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"{kind} does not answer ({type(error).__name__}): is its driver installed?") from None
    return HWAccel(kind, allow_software_fallback=True)
