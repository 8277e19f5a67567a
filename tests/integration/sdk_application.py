"""An application of the Python SDK in a process of its own, for tests that kill it.

    python -m tests.integration.sdk_application URL TOKEN OUTBOX ALERT_ID

Takes the alert, without waiting for the answer before it says `asked`; then prints the answer.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sightline.client import SightlineClient, Verdict


async def main(url: str, token: str, outbox: Path, alert_id: str) -> None:
    async with SightlineClient(
        url, token=token, device="killed", outbox=outbox, jitter=0.99, chance=lambda: 0
    ) as client:
        answer = asyncio.create_task(client.ack(alert_id, Verdict.REJECTED))
        while not outbox.exists():  # noqa: ASYNC110, ASYNC240  # written in a thread, and nobody is told
            await asyncio.sleep(0.01)
        print("asked", flush=True)
        print(await answer, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
