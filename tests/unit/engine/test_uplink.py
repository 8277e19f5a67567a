from __future__ import annotations

import pytest

from sightline.engine.uplink import FIRST_RETRY_S, JITTER_SHARE, LAST_RETRY_S, retry_delay_s


def test_the_first_retries_are_quick_and_none_waits_longer_than_ten_seconds() -> None:
    delays = [retry_delay_s(attempt, 0.5) for attempt in range(200)]
    assert delays[:3] == pytest.approx([0.2, 0.3, 0.45])
    assert delays[0] == FIRST_RETRY_S
    assert delays == sorted(delays)
    assert delays[-1] == LAST_RETRY_S


@pytest.mark.parametrize("chance", [0.0, 0.25, 1.0])
def test_delays_are_spread(chance: float) -> None:
    assert retry_delay_s(0, chance) == pytest.approx(FIRST_RETRY_S * (1 + JITTER_SHARE * (2 * chance - 1)))
