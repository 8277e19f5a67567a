"""Where a gateway can be made to die; that it does is shown by `tests/soak`."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, event

from sightline.exceptions import ConfigurationError
from sightline.service.failpoints import Failpoint, Place, armed_failpoint


def test_nothing_is_armed_unless_it_is_asked_for() -> None:
    assert armed_failpoint({}) is None
    assert armed_failpoint({"SIGHTLINE_TEST_FAILPOINT": ""}) is None


@pytest.mark.parametrize("place", Place)
def test_every_place_may_be_asked_for(place: Place) -> None:
    assert armed_failpoint({"SIGHTLINE_TEST_FAILPOINT": place.value}) == Failpoint(place, 1)
    assert armed_failpoint({"SIGHTLINE_TEST_FAILPOINT": f"{place}:7"}) == Failpoint(place, 7)


@pytest.mark.parametrize("wanted", ["lunch", "committed:soon", ":3"])
def test_a_place_that_there_is_not_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigurationError, match="names no place; known: acceptance, committed"):
        armed_failpoint({"SIGHTLINE_TEST_FAILPOINT": wanted})


def test_only_the_commit_that_is_waited_for_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    killed, told = [], []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append(number))
    on_commit = Failpoint(Place.COMMITTED, 2).install(told.append)
    on_commit(1)
    assert (killed, told) == ([], [1])
    on_commit(2)
    on_commit(3)
    assert (killed, told) == ([9], [1, 2, 3])


def test_only_statements_of_the_place_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    killed, installed = [], []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append(number))
    monkeypatch.setattr(event, "listen", lambda *arguments: installed.append(arguments))
    Failpoint(Place.COMPACTION).install(lambda top: None)
    ((target, name, executed),) = installed
    assert (target, name) == (Engine, "after_cursor_execute")
    executed(None, None, "DELETE FROM log_entries_of_others WHERE 1")
    executed(None, None, "INSERT INTO log_entries VALUES (1)")
    assert killed == []
    executed(None, None, "DELETE FROM log_entries WHERE log_entries.offset <= ?", (), None, False)
    assert killed == [9]
