"""What all data of messages from the gateway is made of."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["CameraStateName", "QualityName", "Spoken"]


class Spoken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data of a message from the gateway. Times are milliseconds since the epoch."""


QualityName = Literal["thumbnail", "sd", "hd"]

CameraStateName = Literal["connecting", "online", "stalled", "offline", "disabled"]
