"""The short form of `make soak`: the same parts, fewer clients. Counts must be right, however long it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import backlog, chaos, frozen, storm

pytestmark = pytest.mark.slow


@pytest.mark.timeout(400)
async def test_nothing_is_lost_reordered_or_shown_twice(tmp_path: Path) -> None:
    """Cuts, black holes, frozen processes, and kill -9 at every failpoint."""
    outcome = await chaos.run_chaos(
        tmp_path / "home", chaos.Scale(applications=3, raw_clients=6, pause_s=0.3, rounds=1, restarts=False)
    )
    print(outcome.figures())
    assert outcome.findings.is_clean, outcome.findings.in_words()
    assert outcome.accepted_lost == []
    assert outcome.kills == chaos.KILLS_A_ROUND
    assert outcome.facts > 0 and outcome.findings.shown > outcome.facts
    assert outcome.gaps >= 1, "who slept while the log was compacted is told so"
    assert outcome.resent_facts > 0, "no kill came between commit and acceptance"
    assert outcome.taken > 0


@pytest.mark.timeout(240)
async def test_frozen_clients_hold_nobody_up_and_get_everything(tmp_path: Path) -> None:
    found = await frozen.run_frozen(
        tmp_path / "home",
        frozen.Scale(clients=30, frozen=10, facts_a_second=20.0, window_s=0.5, rounds=1, long_s=1.0),
    )
    print(found.figures())
    assert found.missing == 0
    assert set(found.codes) <= {1006, 4002}


@pytest.mark.timeout(240)
async def test_a_rush_is_spread_after_a_kill_and_after_a_restart(tmp_path: Path) -> None:
    clients = 24
    after_kill, after_restart = await storm.run_storm(tmp_path / "home", clients, per_s=6)
    print(after_kill.figures("kill"), after_restart.figures("restart"))
    assert after_kill.refused > 0, "so many cannot be let in at once"
    assert after_kill.appointments > 1, "everybody at their own time"
    assert after_restart.appointments >= clients / 2
    assert set(after_restart.codes) <= {0, 1006, 4000, 4004}


@pytest.mark.timeout(240)
async def test_what_waits_is_recovered_in_order(tmp_path: Path) -> None:
    waited = await backlog.run_backlog(tmp_path / "home", 2_000, steady_s=0.5)
    print(waited.figures())
    assert waited.raw_findings.is_clean, waited.raw_findings.in_words()
    assert waited.sdk_findings.is_clean, waited.sdk_findings.in_words()
    assert waited.raw_findings.shown >= 2_000
    assert waited.sdk_findings.shown >= 2_000
