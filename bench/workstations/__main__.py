"""150 workstations on five engines: verdicts a second, how long one takes and why, beside the naive way.

    make bench-workstations

A real server; each workstation has its own token and person, and now and then somebody else sits before its webcam.
First flat out, then at a share of that rate, then the naive way (`naive.py`) at the same rate. Ends with one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from bench.extras import find_extras
from bench.figures import Buckets, percentile, quantile_of
from bench.workstations.crowd import Crowd, Heard
from bench.workstations.sitters import Sitter, find_sitters
from sightline.models.manifest import MODELS
from sightline.models.store import ModelStore
from sightline.service.open_files import allow_connections
from sightline.settings_sources import load
from sightline.testing import ServerProcess

__all__ = ["main"]

PIPELINES = 5
CLIENTS_PER_PIPELINE = 30
HELD_SHARE = 0.6
"""Of what the machine answers flat out: the rate at which waiting times are measured."""
READY_TIMEOUT_S = 120.0
MIB = 2**20
HISTOGRAM = "sightline_verdict_seconds"

out = Console(highlight=False)


def main() -> None:
    """Parses the command line, fetches models that are missing, measures, prints."""
    first_line = __doc__.splitlines()[0] if __doc__ else None
    parser = argparse.ArgumentParser(prog="bench.workstations", description=first_line)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of one measurement")
    parser.add_argument("--pipelines", type=int, default=PIPELINES)
    parser.add_argument("--clients-per-pipeline", type=int, default=CLIENTS_PER_PIPELINE)
    arguments = parser.parse_args()
    models = load().settings.models_folder
    ModelStore(models).pull(MODELS)
    sitters = find_sitters(models)
    allow_connections(4 * arguments.pipelines * arguments.clients_per_pipeline)
    with TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(Path(folder), models, sitters, arguments))
    _print(figures)
    print(json.dumps(figures))


async def _measure(
    folder: Path, models: Path, sitters: list[Sitter], arguments: argparse.Namespace
) -> dict[str, Any]:
    home = folder / "home"
    home.mkdir()
    (home / "models").symlink_to(models)
    extras = find_extras(models)
    more = {"object_model": extras.objects, "liveness_model": ",".join(extras.liveness)}
    server = ServerProcess(home, _settings(arguments) | more)
    server.start()
    try:
        async with server.client() as http:
            figures = await _of_the_server(server, http, sitters, arguments)
    finally:
        server.stop()
    figures["naive"] = await _of_the_naive_way(models, sitters, figures, arguments.seconds)
    return figures


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "max_pipelines": arguments.pipelines,
        "max_clients_per_pipeline": arguments.clients_per_pipeline,
        "pipeline_idle_seconds": 600,
        "workstation_timeout_seconds": 600,
        "new_connections_per_second": 0,
        "engine_stills": max(1, (os.cpu_count() or 1) // arguments.pipelines),
        "message_rates": "process_frame=1000000",
        "log_level": "error",
    }


async def _of_the_server(
    server: ServerProcess, http: httpx.AsyncClient, sitters: list[Sitter], arguments: argparse.Namespace
) -> dict[str, Any]:
    room = arguments.pipelines * arguments.clients_per_pipeline
    tokens = await _prepared(http, sitters, room + 1)
    crowd = Crowd(f"{server.url.replace('http', 'ws', 1)}/ws/verify", sitters)
    started_s = time.perf_counter()
    for token in tokens[:room]:
        await crowd.connect(token)
    out.print(f"{room} workstations connected; engines are coming", style="dim")
    await asyncio.gather(*(_first_verdict(desk) for desk in crowd.desks))
    until_all_s = time.perf_counter() - started_s
    one_more = await crowd.connect(tokens[room])
    refusal = await one_more.ask(Heard())
    await one_more.socket.close()
    crowd.desks.pop()
    out.print("flat out", style="dim")
    before = time.perf_counter()
    flat_out = await crowd.flat_out(arguments.seconds / 2)
    per_second = len(flat_out.latencies_ms) / (time.perf_counter() - before)
    held = HELD_SHARE * per_second
    out.print(f"at {held:.1f} pictures a second", style="dim")
    stages_before = await _stages(http)
    heard = await crowd.paced(held, arguments.seconds)
    stages = _difference(await _stages(http), stages_before)
    pipelines = (await http.get("/api/system")).raise_for_status().json()["pipelines"]
    await crowd.close()
    return {
        "cores": os.cpu_count(),
        "workstations": room,
        "people": len(sitters),
        "engines": len(pipelines["engines"]),
        "first_verdict_of_all_s": round(until_all_s, 1),
        "one_more": refusal["reason"],
        "flat_out_per_second": round(per_second, 1),
        "held_per_second": round(held, 1),
        "engine_mib": [round(one["resident_bytes"] / MIB) for one in pipelines["engines"]],
        "gateway_mib": _resident_mib(server.pid),
        "clients_by_engine": [one["clients"] for one in pipelines["engines"]],
        **_latency(heard),
        "mistaken": heard.mistaken + flat_out.mistaken,
        "named": heard.named + flat_out.named,
        "unnamed": heard.unnamed + flat_out.unnamed,
        "actions": dict(heard.actions),
        "stages": {stage: _of_stage(sums, buckets) for stage, (sums, buckets) in stages.items()},
    }


async def _prepared(http: httpx.AsyncClient, sitters: list[Sitter], stations: int) -> list[str]:
    """People with references, and workstations for them; their tokens."""
    async with asyncio.timeout(READY_TIMEOUT_S):
        while (await http.get("/api/system")).json()["engine"]["state"] != "connected":  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.1)
    ids = []
    for sitter in sitters:
        made = (await http.post("/api/people", json={"first_name": sitter.name, "last_name": ""})).raise_for_status()
        ids.append(made.json()["id"])
        files = [("files", (f"{number}.jpg", photo)) for number, photo in enumerate(sitter.photos)]
        (await http.post(f"/api/people/{ids[-1]}/references", files=files)).raise_for_status()
    tokens = []
    for number in range(stations):
        made = (await http.post("/api/workstations", json={"name": f"bench {number}"})).raise_for_status()
        path = f"/api/workstations/{made.json()['id']}"
        (await http.put(f"{path}/people/{ids[number % len(ids)]}")).raise_for_status()
        tokens.append((await http.post(f"{path}/token")).raise_for_status().json()["token"])
    return tokens


async def _first_verdict(desk: Any) -> None:
    async with asyncio.timeout(READY_TIMEOUT_S):
        answer = await desk.ask(Heard())
        while answer["action"] == "ACTION_ERROR":
            answer = await desk.ask(Heard())


async def _stages(http: httpx.AsyncClient) -> dict[str, tuple[float, Buckets]]:
    """The sum and the histogram of each stage, since the start."""
    text = (await http.get("/metrics")).raise_for_status().text
    sums: dict[str, float] = {}
    buckets: dict[str, dict[float, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"{HISTOGRAM}_sum":
                sums[sample.labels["stage"]] = sample.value
            elif sample.name == f"{HISTOGRAM}_bucket":
                buckets.setdefault(sample.labels["stage"], {})[float(sample.labels["le"])] = sample.value
    return {stage: (sums[stage], buckets[stage]) for stage in sums}


def _difference(
    after: Mapping[str, tuple[float, Buckets]], before: Mapping[str, tuple[float, Buckets]]
) -> dict[str, tuple[float, Buckets]]:
    found: dict[str, tuple[float, Buckets]] = {}
    for stage, (spent, buckets) in after.items():
        spent_before, buckets_before = before.get(stage, (0.0, {}))
        counts = {bound: count - buckets_before.get(bound, 0.0) for bound, count in buckets.items()}
        found[stage] = (spent - spent_before, counts)
    return found


def _of_stage(spent_s: float, buckets: Buckets) -> dict[str, float]:
    count = max(1.0, buckets[float("inf")])
    return {
        "mean_ms": round(1000 * spent_s / count, 2),
        "p50_ms": round(1000 * quantile_of(buckets, 0.5), 1),
        "p99_ms": round(1000 * quantile_of(buckets, 0.99), 1),
    }


async def _of_the_naive_way(
    models: Path, sitters: list[Sitter], figures: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.workstations.naive", "--models", str(models),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        crowd = Crowd(f"ws://127.0.0.1:{port}", sitters)
        for _ in range(figures["workstations"]):
            await crowd.connect("")
        out.print("the naive way, flat out", style="dim")
        before = time.perf_counter()
        flat_out = await crowd.flat_out(seconds / 2)
        per_second = len(flat_out.latencies_ms) / (time.perf_counter() - before)
        out.print(f"the naive way, at {figures['held_per_second']} pictures a second", style="dim")
        heard = await crowd.paced(figures["held_per_second"], seconds)
        resident_mib = _resident_mib(process.pid)
        await crowd.close()
    finally:
        process.stdin.close()
        await process.wait()
    return {"flat_out_per_second": round(per_second, 1), "mib": resident_mib, **_latency(heard)}


def _latency(heard: Heard) -> dict[str, Any]:
    return {
        "answered": len(heard.latencies_ms),
        "not_sent_for_want_of_an_answer": heard.unanswered,
        "verdict_ms_p50": round(percentile(heard.latencies_ms, 0.5), 1),
        "verdict_ms_p99": round(percentile(heard.latencies_ms, 0.99), 1),
    }


def _resident_mib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024)
    raise ProcessLookupError(pid)


def _print(figures: Mapping[str, Any]) -> None:
    naive = figures["naive"]
    table = Table(title=f"{figures['workstations']} workstations, {figures['cores']} cores", title_justify="left")
    for title in ("", "one process, one call a picture", "Sightline"):
        table.add_column(title, justify="right" if title else "left")
    rows = (
        ("processes that look", 1, figures["engines"]),
        ("memory, MiB", naive["mib"], f"{sum(figures['engine_mib'])} + {figures['gateway_mib']} (gateway)"),
        ("verdicts/s, flat out", naive["flat_out_per_second"], figures["flat_out_per_second"]),
        (f"at {figures['held_per_second']} pictures/s: verdict p50 ms", naive["verdict_ms_p50"],
         figures["verdict_ms_p50"]),
        ("  p99 ms", naive["verdict_ms_p99"], figures["verdict_ms_p99"]),
        ("  not sent, the last being unanswered", naive["not_sent_for_want_of_an_answer"],
         figures["not_sent_for_want_of_an_answer"]),
        ("one workstation more is told", "", figures["one_more"]),
        ("first verdict of all, engines started meanwhile, s", "", figures["first_verdict_of_all_s"]),
        ("verdicts that named somebody who was not shown", "", figures["mistaken"]),
    )  # fmt: skip
    for label, *values in rows:
        table.add_row(label, *map(str, values))
    out.print(table)
    stages = Table(title="what a verdict's time went into, ms", title_justify="left")
    for title in ("stage", "mean", "p50", "p99"):
        stages.add_column(title, justify="left" if title == "stage" else "right")
    for stage, row in figures["stages"].items():
        stages.add_row(stage, *map(str, row.values()))
    out.print(stages)


if __name__ == "__main__":
    main()
