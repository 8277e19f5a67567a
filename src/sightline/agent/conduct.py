"""What the agent does about what it is told, or not told. Pure: time and the state of the screen are arguments.

    NO_ACTION ────────────────→ nothing, and what was done is forgotten
    LOCK_SCREEN, SIGN_OUT ────→ done once, until the screen was unlocked, or `again_after_ms` passed
    WARNING, ERROR ───────────→ shown once, until something else is said
    no verdict for a while ───→ the offline policy: nothing, or a lock

Whether the screen is locked is `None` where the platform cannot tell.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from sightline.decisions.workstation import Action, Reason

__all__ = ["Conduct", "ConductRules", "Deed", "parse_offline"]

AGAIN_AFTER_MS = 60_000
LONGEST_OFFLINE_S = 86_400

_OFFLINE = re.compile(r"lock-after[ =:](\d{1,6})", re.ASCII)


class Deed(enum.StrEnum):
    """What is done on the workstation."""

    LOCK = "lock"
    SIGN_OUT = "sign out"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class ConductRules:
    """`lock_after_ms`: without a verdict for so long the screen is locked; `None`: never. `again_after_ms`: what was
    done is done again for the same finding no sooner, unless the screen is known to have been unlocked."""

    lock_after_ms: int | None = None
    again_after_ms: int = AGAIN_AFTER_MS


def parse_offline(text: str) -> int | None:
    """`lock_after_ms` of `keep` (`None`) or `lock-after SECONDS`. Raises `ValueError`.

    >>> parse_offline("lock-after 90")
    90000
    """
    if text == "keep":
        return None
    found = _OFFLINE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= LONGEST_OFFLINE_S:
        raise ValueError(f"{text!r} is no offline policy: say keep, or 'lock-after SECONDS', 1 to {LONGEST_OFFLINE_S}")
    return int(found[1]) * 1000


class Conduct:
    """One life of the agent, from `now_ms` on. Times are of one clock that never jumps."""

    def __init__(self, rules: ConductRules, now_ms: int) -> None:
        self._rules = rules
        self._judged_ms = now_ms
        self._done: tuple[Deed, int] | None = None
        self._was_locked = False
        self._shown: tuple[Action, Reason] | None = None

    def answered(self, action: Action, reason: Reason, *, locked: bool | None, now_ms: int) -> Deed | None:
        """The server said this of a picture, or by itself."""
        if action in (Action.WARNING, Action.ERROR):
            if action is Action.WARNING:  # somebody wants nothing to be looked at: that is no absence of the server
                self._judged_ms = now_ms
            repeated, self._shown = self._shown == (action, reason), (action, reason)
            return None if repeated else Deed.WARN
        self._judged_ms = now_ms
        self._shown = None
        if action is Action.NONE:
            self._done = None
            return None
        return self._once(Deed.LOCK if action is Action.LOCK_SCREEN else Deed.SIGN_OUT, locked, now_ms)

    def ticked(self, *, locked: bool | None, now_ms: int) -> Deed | None:
        """Time passed. The policy counts anew after it locked: somebody who unlocks has as long again."""
        after_ms = self._rules.lock_after_ms
        if after_ms is None or now_ms - self._judged_ms < after_ms:
            return None
        self._judged_ms = now_ms
        return self._once(Deed.LOCK, locked, now_ms)

    def unlocked(self, now_ms: int) -> None:
        """Somebody unlocked the screen: everything begins anew."""
        self._judged_ms = now_ms
        self._done = None
        self._shown = None

    def failed(self) -> None:
        """What was to be done could not be: it is tried again with the next finding."""
        self._done = None

    def _once(self, deed: Deed, locked: bool | None, now_ms: int) -> Deed | None:
        if locked:
            self._was_locked = True
            if deed is Deed.LOCK:
                return None
        if self._done is not None:
            before, at_ms = self._done
            came_back = self._was_locked and locked is False
            enough = before is deed or before is Deed.SIGN_OUT
            if enough and not came_back and now_ms - at_ms < self._rules.again_after_ms:
                return None
        self._done = (deed, now_ms)
        self._was_locked = False
        return deed
