"""`make soak`: everything that is promised about delivery, provoked for minutes, and counted.

Prints a table for each part and ends with one line of JSON. Exits with 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.soak import backlog, chaos, frozen, storm

PARTS = ("chaos", "frozen", "storm", "backlog")
CHAOS = chaos.Scale(applications=12, raw_clients=24, pause_s=3.0, rounds=2)
FROZEN = frozen.Scale(clients=500, frozen=50, facts_a_second=10.0, window_s=8.0, rounds=3, long_s=35.0)
STORM_CLIENTS = 1_000
WAITING_ALERTS = 100_000
MOST_KIB_A_FROZEN_CLIENT = 256
BACK_S = 60.0
MOST_OF_A_SECOND = 0.1


def main() -> int:
    """0 when every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"only these of {', '.join(PARTS)}")
    parser.add_argument("--waiting-alerts", type=int, default=WAITING_ALERTS)
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    figures: dict[str, Any] = {}
    broken: list[str] = []
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sightline-soak-") as folder:
        for part in asked.parts or PARTS:
            home = Path(folder) / part
            found, problems = asyncio.run(_run(part, home, asked.waiting_alerts))
            _print_table(part, found)
            figures |= found
            broken += problems
    figures |= {"soak_s": round(time.monotonic() - began_s), "broken": broken}
    print(json.dumps(figures))
    return 1 if broken else 0


async def _run(part: str, home: Path, waiting_alerts: int) -> tuple[dict[str, Any], list[str]]:
    """The figures of a part, and what was promised and not kept."""
    match part:
        case "chaos":
            outcome = await chaos.run_chaos(home, CHAOS)
            problems = [] if outcome.findings.is_clean else [outcome.findings.in_words()]
            return outcome.figures(), problems + outcome.accepted_lost
        case "frozen":
            found = await frozen.run_frozen(home, FROZEN)
            problems = [f"{found.missing} frozen clients were not shown everything"] if found.missing else []
            if found.kib_a_frozen_client > MOST_KIB_A_FROZEN_CLIENT:
                problems.append(f"a frozen client took {found.kib_a_frozen_client:.0f} KiB")
            return found.figures(), problems
        case "storm":
            after_kill, after_restart = await storm.run_storm(home, STORM_CLIENTS)
            problems = [
                f"{name}: back after {one.back_s:.0f} s, {one.busiest} of {one.clients} in one second"
                for name, one in (("kill", after_kill), ("restart", after_restart))
                if one.back_s > BACK_S or one.busiest > MOST_OF_A_SECOND * one.clients
            ]
            return after_kill.figures("kill") | after_restart.figures("restart"), problems
        case _:
            waited = await backlog.run_backlog(home, waiting_alerts)
            findings = (waited.raw_findings, waited.sdk_findings)
            return waited.figures(), [one.in_words() for one in findings if not one.is_clean]


def _print_table(part: str, found: Mapping[str, Any]) -> None:
    width = max(map(len, found))
    print(f"\n{part}\n{'─' * len(part)}")
    for name, value in found.items():
        print(f"{name.replace('_', ' '):<{width}}  {value}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
