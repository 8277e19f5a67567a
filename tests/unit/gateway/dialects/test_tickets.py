"""Tickets: one connection, thirty seconds, a bounded number."""

from __future__ import annotations

from sightline.gateway.auth import Claims
from sightline.gateway.dialects import tickets as module
from sightline.gateway.dialects.tickets import LIFE_S, Tickets

CLAIMS = Claims("user-1", 1, 0, 900_000)


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue(CLAIMS, 10.0)
    assert tickets.redeem(ticket, 11.0) == CLAIMS
    assert tickets.redeem(ticket, 11.0) is None


def test_a_ticket_is_good_for_thirty_seconds() -> None:
    tickets = Tickets()
    early, late = tickets.issue(CLAIMS, 10.0), tickets.issue(CLAIMS, 10.0)
    assert tickets.redeem(early, 10.0 + LIFE_S - 0.01) == CLAIMS
    assert tickets.redeem(late, 10.0 + LIFE_S) is None
    assert LIFE_S == 30


def test_what_was_never_given_out_is_not_good() -> None:
    tickets = Tickets()
    tickets.issue(CLAIMS, 10.0)
    assert [tickets.redeem(guess, 10.0) for guess in ("", "slt_", "\ud800", "a" * 100_000)] == [None] * 4


def test_the_oldest_goes_when_there_are_too_many() -> None:
    tickets = Tickets()
    given = [tickets.issue(CLAIMS, 10.0) for _ in range(module.MAX_TICKETS + 1)]
    assert tickets.redeem(given[0], 11.0) is None
    assert tickets.redeem(given[1], 11.0) == CLAIMS


def test_the_ticket_itself_is_not_kept() -> None:
    tickets = Tickets()
    ticket = tickets.issue(CLAIMS, 10.0)
    assert ticket not in repr(tickets._open)
