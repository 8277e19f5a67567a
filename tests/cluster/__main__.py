"""`make test-cluster`: three gateways, three engines, PostgreSQL and Redis; each is killed once; then it is counted.

Prints a table and a line of JSON. Exits with 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from tests.cluster.faults import FAULTS, Scale, run_faults

BACK_S = 10.0


def main() -> int:
    """0 when every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", help=f"only these of {', '.join(FAULTS)}")
    parser.add_argument("--redis-seconds", type=float, default=60.0, help="how long Redis is away")
    parser.add_argument("--cameras", type=int, default=6)
    parser.add_argument("--applications", type=int, default=6)
    asked = parser.parse_args()
    if unknown := set(asked.faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    scale = Scale(
        cameras=asked.cameras,
        applications=asked.applications,
        redis_s=asked.redis_seconds,
        network_s=15.0,
        postgres_s=3.0,
        faults=asked.faults or list(FAULTS),
    )
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sightline-cluster-") as folder:
        outcome = asyncio.run(run_faults(Path(folder) / "site", scale))
    figures = outcome.figures() | {"took_s": round(time.monotonic() - began_s)}
    for name, value in figures.items():
        print(f"  {name:<34} {value}")
    broken = [outcome.findings.in_words()] if not outcome.findings.is_clean else []
    broken += outcome.accepted_lost + outcome.escalated_twice + outcome.read_twice
    if outcome.slowest_s > BACK_S:
        broken.append(f"a camera was analysed again only after {outcome.slowest_s:.1f} s")
    if not outcome.escalations:
        broken.append("nothing was escalated: the run proved nothing of it")
    print(json.dumps(figures | {"broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
