from __future__ import annotations

import itertools

import pytest

from sightline.events.alert import MOVES, AlertState, check_move
from sightline.exceptions import Conflict

ALLOWED = {
    (AlertState.OPEN, AlertState.ACKNOWLEDGED),
    (AlertState.OPEN, AlertState.CLOSED),
    (AlertState.OPEN, AlertState.EXPIRED),
    (AlertState.ACKNOWLEDGED, AlertState.CLOSED),
    (AlertState.ACKNOWLEDGED, AlertState.EXPIRED),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(AlertState, AlertState)))
def test_every_move(before: AlertState, after: AlertState) -> None:
    if (before, after) in ALLOWED:
        check_move(before, after)
    else:
        with pytest.raises(Conflict, match=f"{before.value} cannot become {after.value}"):
            check_move(before, after)


def test_every_state_has_its_moves() -> None:
    assert MOVES.keys() == set(AlertState)
