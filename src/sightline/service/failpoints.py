"""Places where a test lets the gateway die as if the power failed: SIGKILL, no time to write anything.

`SIGHTLINE_TEST_FAILPOINT=compaction` kills it the first time that the place is reached, `committed:5` the fifth. The
variable is read once, by `serve`; without it nothing is installed, and no code that is run knows of failpoints.

    acceptance    the log entry of an accepted fact is written, the transaction is not committed
    committed     it is on disk; neither clients nor the engine have been told
    received      clients were sent entries, and one says `received`: that is written, not committed
    compaction    retention has deleted the oldest entries of the log, and not committed
    escalation    the next responder's step is written, not committed
"""

from __future__ import annotations

import enum
import itertools
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Engine, event

from sightline.exceptions import ConfigurationError
from sightline.stores import schema

__all__ = ["VARIABLE", "Failpoint", "Place", "armed_failpoint"]

VARIABLE = "SIGHTLINE_TEST_FAILPOINT"

log = structlog.get_logger(__name__)


class Place(enum.StrEnum):
    """Where to die."""

    ACCEPTANCE = "acceptance"
    COMMITTED = "committed"
    RECEIVED = "received"
    COMPACTION = "compaction"
    ESCALATION = "escalation"


_STATEMENTS: Mapping[Place, tuple[str, ...]] = {
    Place.ACCEPTANCE: (f"INSERT INTO {schema.log_entries.name} ",),
    Place.RECEIVED: (f"INSERT INTO {schema.cursors.name} ", f"UPDATE {schema.cursors.name} "),
    Place.COMPACTION: (f"DELETE FROM {schema.log_entries.name} ",),
    Place.ESCALATION: (f"INSERT INTO {schema.escalation_steps.name} ",),
}


@dataclass(frozen=True, slots=True)
class Failpoint:
    """One place, and at which passage there the process dies."""

    place: Place
    passage: int = 1

    def install(self, on_commit: Callable[[int], None]) -> Callable[[int], None]:
        """From now on the process dies there. Returns what a store is given in place of `on_commit`."""
        passages = itertools.count(1)

        def passed() -> None:
            if next(passages) == self.passage:
                log.warning("failpoint", place=self.place.value)
                os.kill(os.getpid(), signal.SIGKILL)

        def executed(connection: object, cursor: object, statement: str, *_: Any) -> None:
            if statement.startswith(_STATEMENTS[self.place]):
                passed()

        def committed(top: int) -> None:
            passed()
            on_commit(top)

        if self.place is Place.COMMITTED:
            return committed
        event.listen(Engine, "after_cursor_execute", executed)
        return on_commit


def armed_failpoint(environment: Mapping[str, str] = os.environ) -> Failpoint | None:
    """What the environment asks for. Raises `ConfigurationError` for a place that there is not.

    >>> armed_failpoint({"SIGHTLINE_TEST_FAILPOINT": "committed:5"})
    Failpoint(place=<Place.COMMITTED: 'committed'>, passage=5)
    """
    wanted = environment.get(VARIABLE)
    if not wanted:
        return None
    place, _, passage = wanted.partition(":")
    try:
        return Failpoint(Place(place), int(passage or "1"))
    except ValueError:
        known = ", ".join(Place)
        raise ConfigurationError(f"{VARIABLE}={wanted} names no place; known: {known}", key=VARIABLE) from None
