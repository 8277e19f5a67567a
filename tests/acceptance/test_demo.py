"""`sightline demo`, as somebody who tries it for the first time meets it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 60.0


@dataclass
class Demo:
    """A running demonstration, and what it printed."""

    process: subprocess.Popen[bytes]
    url: str
    password: str


@contextmanager
def _demo(home: Path, log: Path) -> Iterator[Demo]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sightline", "demo", "--no-open", "--port", "0", "--home", str(home)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=inherited,
        )
    try:
        url = _printed(process, log, r"Console\s+(http://\S+)")
        yield Demo(process, url, _printed(process, log, r"Password\s+(\S+)"))
    finally:
        process.terminate()
        process.wait(20)


def _printed(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s and process.poll() is None:
        found = re.search(pattern, log.read_text())
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"the demonstration did not print {pattern!r}:\n{log.read_text()}")


def _sign_in(demo: Demo) -> httpx.Client:
    answer = httpx.post(
        f"{demo.url}/api/token", data={"username": "admin", "password": demo.password}, trust_env=False
    ).raise_for_status()
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=demo.url, headers=headers, trust_env=False, timeout=30)


def _alerts(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """The newest alert of each type."""
    found = http.get("/api/alerts").raise_for_status().json()["alerts"]
    return {alert["type"]: alert for alert in reversed(found)}


def test_a_first_visitor_sees_both_alerts_takes_one_and_loses_nothing(home: Path, tmp_path: Path) -> None:
    with _demo(home, tmp_path / "first.log") as demo, _sign_in(demo) as http:
        started_s = time.monotonic()
        alerts: dict[str, dict[str, Any]] = {}
        while not {"watchlist_match", "unknown_person"} <= alerts.keys():
            assert time.monotonic() - started_s < PATIENCE_S, f"only {sorted(alerts)} came"
            time.sleep(0.2)
            alerts = _alerts(http)
        print(f"both alerts after {time.monotonic() - started_s:.1f} s")
        match = alerts["watchlist_match"]
        assert match["person"]["first_name"] == "Eileen"
        assert alerts["unknown_person"]["person"] is None
        for url in (match["snapshot_url"], match["probe_url"], match["reference_url"]):
            assert http.get(url).raise_for_status().content.startswith(b"\xff\xd8")
        taken = http.post(f"/api/alerts/{match['alert_id']}/ack", json={"verdict": "confirmed"}).json()
        assert (taken["state"], taken["by"], taken["first"]) == ("acknowledged", "admin", True)
        demo.process.kill()
        demo.process.wait()

    with _demo(home, tmp_path / "second.log") as again, _sign_in(again) as http:
        assert again.password == demo.password
        kept = http.get(f"/api/alerts/{match['alert_id']}").json()
        assert (kept["state"], kept["verdict"], kept["by"]) == ("acknowledged", "confirmed", "admin")
        open_one = http.get(f"/api/alerts/{alerts['unknown_person']['alert_id']}").json()
        assert open_one["state"] == "open"
        assert len(http.get("/api/people").json()["people"]) == 1, "nobody was enrolled twice"
        assert len(http.get("/api/cameras").json()) == 1
