"""Cameras a core and alert latency: the naive loop beside Sightline, on the same footage and with the same models.

    make bench-pipeline

Both are confined to one core. Rounds alternate between the engine's parts alone, the naive loop, and the whole
server; figures are medians of the rounds. A camera is a source of 30 frames a second: the naive loop analyses every
one, Sightline 5 a second. A core is full at 80 %. The number of cameras that follows from the CPU time is then
really run. Ends with one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import processes
from bench.clip import DECODE_STAGE
from bench.extras import Extras, find_extras
from bench.figures import (
    CPU_BUDGET,
    Buckets,
    EngineCost,
    Latency,
    cameras_per_core,
    median_by_key,
    percentile,
    quantile_of,
    share_above,
)
from bench.footage import Footage, find_footage
from bench.listener import Listener
from bench.server import Load, Server
from bench.stages import ANALYSIS_FPS, INFERENCE_STAGES
from sightline.models.manifest import MODELS
from sightline.models.store import ModelStore
from sightline.settings_sources import load

__all__ = ["main"]

SOURCE_FPS = 30.0
SETTLE_S = 4.0
ROUND_SHARE = 0.6
"""Share of the budget, by a first look at the price of the parts, at which the rounds are run."""
FIRST_CAMERAS = 2
FIRST_S = 3.0
HELD_SHARE = 0.95
"""A camera counts as held when it is analysed at this share of its rate or more."""
QUIET_SHARE = 0.05
"""Use of the measured core by other programs above which waiting times say little."""
ELSEWHERE = "threads, waiting, link, spool, pictures"

out = Console(highlight=False)


@dataclass(slots=True)
class Rounds:
    """What the rounds gave."""

    parts_ms: list[dict[str, float]] = field(default_factory=list)
    naive: list[dict[str, Any]] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    still: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rounds, the run with as many cameras as they promise, and what was heard of it."""

    rounds: Rounds
    full: Load
    latencies: Sequence[Latency]
    full_latencies: Sequence[Latency]

    @property
    def others_share(self) -> float:
        """What programs beside the benchmark took of the measured core, at worst."""
        return max(load.others_share for load in (*self.rounds.loads, self.full))

    @property
    def gateway_lag(self) -> Buckets:
        """How late the gateway's event loop woke, in seconds, over all measurements."""
        loads = (*self.rounds.loads, self.full)
        return {bound: sum(load.loop_lag[bound] for load in loads) for bound in self.full.loop_lag}


async def _measure(footage: Footage, models: Path, workspace: Path, rounds: int, seconds: float) -> Outcome:
    engine_core, other_core = processes.cores()
    os.sched_setaffinity(0, {other_core})
    found = Rounds()
    extras = find_extras(models)
    async with Server(workspace / "home", models, extras, engine_core=engine_core, other_core=other_core) as server:
        photos = await server.enrol(footage.people)
        out.print(f"{footage.name}, {footage.fps:.2f} frames/s; {photos} photographs enrolled")
        on_core = _Programs(footage, models, extras, engine_core)
        found.still = await on_core.stillness()
        cameras = _for_rounds(await on_core.stages(FIRST_CAMERAS, FIRST_S))
        async with Listener(server.url, await server.sign_in()) as listener:
            for number in range(rounds):
                out.print(f"round {number + 1} of {rounds}: parts, naive loop, {cameras} cameras", style="dim")
                await server.watch(footage, 0)
                found.parts_ms.append(await on_core.stages(cameras, seconds / 2))
                found.naive.append(await on_core.naive(seconds))
                await server.watch(footage, cameras)
                await asyncio.sleep(SETTLE_S)
                found.loads.append(await server.measure(seconds, listener.observed))
            latencies = tuple(listener.latencies)
            promised = int(_cameras(found.loads))
            out.print(f"running {promised} cameras", style="dim")
            await server.watch(footage, promised)
            await asyncio.sleep(SETTLE_S)
            full = await server.measure(seconds, listener.observed)
            return Outcome(found, full, latencies, listener.latencies[len(latencies) :])


def _for_rounds(parts_ms: Mapping[str, float]) -> int:
    return max(1, int(ROUND_SHARE * cameras_per_core(ANALYSIS_FPS * sum(parts_ms.values()) / 1000)))


def _cameras(loads: Sequence[Load]) -> float:
    """By the price of an analysed frame, so that cameras that fell behind do not look cheap."""
    return median(cameras_per_core(ANALYSIS_FPS * load.per_analysed_frame_ms / 1000) for load in loads)


@dataclass(frozen=True, slots=True)
class _Programs:
    """The other programs of this package, run on one core."""

    footage: Footage
    models: Path
    extras: Extras
    core: int

    async def stages(self, cameras: int, seconds: float) -> dict[str, float]:
        """CPU ms an analysed frame by stage of an engine without its link."""
        answer = await self._run(
            "stages", *self._footage, *self._extras, "--cameras", str(cameras), "--seconds", str(seconds)
        )
        stages: dict[str, float] = answer["stage_ms"]
        return stages

    async def naive(self, seconds: float) -> dict[str, Any]:
        """What the naive loop says of itself."""
        return await self._run("naive", *self._footage, "--seconds", str(seconds))

    async def stillness(self) -> dict[str, float]:
        """What the motion gate saves."""
        return await self._run("stillness", *self._extras)

    @property
    def _footage(self) -> tuple[str, ...]:
        return "--video", str(self.footage.video), "--people", str(self.footage.people)

    @property
    def _extras(self) -> tuple[str, ...]:
        return "--objects", self.extras.objects, "--liveness", ",".join(self.extras.liveness)

    async def _run(self, name: str, *arguments: str) -> dict[str, Any]:
        """The last JSON line that a module of this package prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"bench.{name}", "--models", str(self.models), *arguments,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        processes.pin(process.pid, self.core)
        printed, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"bench.{name} ended with {process.returncode}")
        answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return answer


def _naive_cost_ms(rounds: Rounds, fps: float) -> float:
    """CPU a second of one camera under the naive loop when `fps` of its frames are analysed, ms."""
    stages = median_by_key([row["stage_ms"] for row in rounds.naive])
    return SOURCE_FPS * stages.pop(DECODE_STAGE) + fps * sum(stages.values())


def _report(outcome: Outcome) -> dict[str, Any]:
    rounds = outcome.rounds
    parts_ms = median_by_key(rounds.parts_ms)
    cost = EngineCost(parts_ms, median(load.per_analysed_frame_ms for load in rounds.loads))
    cameras = _cameras(rounds.loads)
    naive_cameras = cameras_per_core(_naive_cost_ms(rounds, SOURCE_FPS) / 1000)
    figures = {
        "cameras_per_core": round(cameras, 2),
        "naive_cameras_per_core": round(naive_cameras, 2),
        "ratio": round(cameras / naive_cameras, 1),
        "naive_cameras_per_core_at_5_fps": round(cameras_per_core(_naive_cost_ms(rounds, ANALYSIS_FPS) / 1000), 2),
        "overhead_share": round(cost.overhead_share((DECODE_STAGE, *INFERENCE_STAGES)), 3),
        **_latency_figures("alert", outcome.latencies),
        **_latency_figures("full_core_alert", outcome.full_latencies),
        "cameras_run": outcome.full.cameras,
        "cameras_run_core_share": round(outcome.full.core_share, 3),
        "cameras_run_least_analysed_fps": round(min(outcome.full.analysed_fps), 2),
        "cameras_held": min(outcome.full.analysed_fps) >= HELD_SHARE * ANALYSIS_FPS,
        "core_share_of_others": round(outcome.others_share, 3),
        "gateway_loop_stall_ms_p999": round(1000 * quantile_of(outcome.gateway_lag, 0.999), 1),
        "gateway_loop_stalls_over_20_ms_share": round(share_above(outcome.gateway_lag, 0.02), 5),
        "naive_loop_stall_ms_p999": median(row["loop_lag"]["p999_ms"] for row in rounds.naive),
        "naive_loop_stall_ms_max": max(row["loop_lag"]["max_ms"] for row in rounds.naive),
        **rounds.still,
        "cpu_ms_per_analysed_frame": round(cost.total_ms, 2),
        "stage_ms": {stage: round(spent, 3) for stage, spent in parts_ms.items()},
    }
    _print_stages(cost, rounds)
    _print_figures(figures)
    if outcome.others_share > QUIET_SHARE:
        out.print(
            f"Other programs took up to {outcome.others_share:.0%} of the measured core: "
            "latencies and stalls mean little, run it again on a quiet machine.",
            style="yellow",
        )
    return figures


def _latency_figures(name: str, latencies: Sequence[Latency]) -> dict[str, float | None]:
    figures: dict[str, float | None] = {f"{name}s_timed": len(latencies)}
    for what, values_ms in (
        ("latency", [latency.total_ms for latency in latencies]),
        ("beyond_inference", [latency.beyond_inference_ms for latency in latencies]),
    ):
        for share, suffix in ((0.5, "p50"), (0.99, "p99")):
            value_ms = round(percentile(values_ms, share), 1) if values_ms else None
            figures[f"{name}_{what}_ms_{suffix}"] = value_ms
    return figures


def _print_stages(cost: EngineCost, rounds: Rounds) -> None:
    naive = median_by_key([row["stage_ms"] for row in rounds.naive])
    table = Table(title="CPU ms an analysed frame", title_justify="left")
    table.add_column("stage")
    table.add_column("naive loop", justify="right")
    table.add_column("Sightline", justify="right")
    for stage in dict.fromkeys((*naive, *cost.stage_ms)):
        table.add_row(stage, *(f"{row[stage]:.2f}" if stage in row else "" for row in (naive, cost.stage_ms)))
    table.add_row(ELSEWHERE, "", f"{cost.elsewhere_ms:.2f}")
    table.add_section()
    table.add_row("all", f"{sum(naive.values()):.2f}", f"{cost.total_ms:.2f}")
    out.print(table)


def _print_figures(figures: Mapping[str, Any]) -> None:
    table = Table(title=f"one core, full at {CPU_BUDGET:.0%}", title_justify="left")
    table.add_column("")
    table.add_column("naive loop", justify="right")
    table.add_column("Sightline", justify="right")
    rows = (
        ("cameras a core", figures["naive_cameras_per_core"], figures["cameras_per_core"]),
        ("  with 5 analysed frames/s as well", figures["naive_cameras_per_core_at_5_fps"], ""),
        ("overhead: neither decoding nor inference", "", f"{figures['overhead_share']:.1%}"),
        ("a frame where nothing moves, ms; every one looked at", figures["still_frame_ms_ungated"],
         f"{figures['still_frame_ms']} ({figures['motion_gate_saving']} times cheaper)"),
        (f"capture to client, {figures['alerts_timed']} alerts: p50, p99 ms", "", _pair(figures, "alert_latency")),
        ("  beyond inference", "", _pair(figures, "alert_beyond_inference")),
        ("event loop that serves clients, stall p99.9 ms", figures["naive_loop_stall_ms_p999"],
         figures["gateway_loop_stall_ms_p999"]),
        (f"{figures['cameras_run']} cameras really run: share of the core", "",
         f"{figures['cameras_run_core_share']:.0%}"),
        ("  least analysed frames/s of a camera", "", figures["cameras_run_least_analysed_fps"]),
        ("  capture to client: p50, p99 ms", "", _pair(figures, "full_core_alert_latency")),
    )  # fmt: skip
    for label, *values in rows:
        table.add_row(label, *map(str, values))
    out.print(table)


def _pair(figures: Mapping[str, Any], name: str) -> str:
    return f"{figures[name + '_ms_p50']}, {figures[name + '_ms_p99']}"


def main() -> None:
    """Parses the command line, fetches models that are missing, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=14.0, help="length of one measurement")
    arguments = parser.parse_args()
    models = load().settings.models_folder
    ModelStore(models).pull(MODELS)
    with TemporaryDirectory() as folder:
        workspace = Path(folder)
        footage = find_footage(models, workspace)
        outcome = asyncio.run(_measure(footage, models, workspace, arguments.rounds, arguments.seconds))
    print(json.dumps(_report(outcome)))


if __name__ == "__main__":
    main()
