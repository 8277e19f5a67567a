"""The dialect of workstations (`/ws/verify`): a picture of whoever sits there, and what the workstation is to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from sightline.decisions.workstation import Action, Reason
from sightline.exceptions import WireError

__all__ = ["VERIFY_MESSAGES", "VERIFY_SENT", "VerifyAnswer", "VerifyFrame", "decode_verify_frame", "encode_answer"]

Said = Annotated[str, msgspec.Meta(max_length=64)] | int | float | None


class VerifyFrame(msgspec.Struct, frozen=True, kw_only=True):
    """`user_name`: the name or id of the person who should sit there; `image`: base64 JPEG; `send_time` comes back."""

    user_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    image: str
    send_time: Said = None


class VerifyAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done, and why. `actual_username`: who sits there, empty when that is not known; `finish_time`:
    milliseconds since the epoch."""

    action: Literal["ACTION_SIGN_OUT", "ACTION_LOCK_SCREEN", "ACTION_WARNING", "ACTION_ERROR", "NO_ACTION"]
    reason: Literal[
        "REASON_PHONE_DETECTION", "REASON_NO_FACE", "REASON_SPOOF_IMAGE", "REASON_WRONG_USER",
        "REASON_CLIENT_NOT_AVAILABLE", "REASON_BLOCKED_CLIENT", "REASON_PAUSED_CLIENT", "SYSTEM_FULL", "EMPTY_REASON",
    ]  # fmt: skip
    actual_username: str
    send_time: Said
    finish_time: int


VERIFY_SENT: Mapping[str, Any] = {"frame": VerifyFrame}
VERIFY_MESSAGES: Mapping[str, Any] = {"answer": VerifyAnswer}

_decoder = msgspec.json.Decoder(VerifyFrame)


def decode_verify_frame(text: str) -> VerifyFrame:
    """Raises `WireError` that names the field."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise WireError(str(problem)) from None


def encode_answer(action: Action, reason: Reason, *, actual: str, send_time: Said, finish_ms: int) -> str:
    """The answer to a frame."""
    answer = VerifyAnswer(
        action=action.value, reason=reason.value, actual_username=actual, send_time=send_time, finish_time=finish_ms
    )
    return msgspec.json.encode(answer).decode()
