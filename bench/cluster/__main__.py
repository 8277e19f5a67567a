"""What 1, 2, 3 gateways accept and deliver, and what 1, 2, 3 engines analyse, on this machine: tables and a JSON line.

Everything runs on this one machine, producers and clients too, so the figures say what one more process adds here and
what each alert, delivery and frame costs. docs/explanation/scaling.md reckons on from the costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.cluster.engines import ANALYSIS_FPS, EngineRates, measure_engines
from bench.cluster.gateways import GatewayRates, measure_gateways
from sightline.models.manifest import MODELS
from sightline.models.store import ModelStore
from sightline.service.open_files import allow_connections
from sightline.settings_sources import load

out = Console(stderr=True, width=120)


def main() -> None:
    """Parses the command line, fetches models that are missing, measures, prints."""
    first_line = __doc__.splitlines()[0] if __doc__ else None
    parser = argparse.ArgumentParser(prog="bench.cluster", description=first_line)
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one measurement")
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--cameras", type=int, default=24, help="offered to the engines")
    parser.add_argument("--most", type=int, default=3, help="how many gateways, and engines, at most")
    arguments = parser.parse_args()
    models = load().settings.models_folder
    ModelStore(models).pull(MODELS)
    allow_connections(4 * arguments.clients)
    with TemporaryDirectory(prefix="sightline-cluster-") as folder:
        figures = asyncio.run(_measure(Path(folder), models, arguments))
    print(json.dumps(figures))


async def _measure(folder: Path, models: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    numbers = range(1, arguments.most + 1)
    gateways = [
        await measure_gateways(
            folder / f"gateways-{number}", gateways=number, clients=arguments.clients, seconds=arguments.seconds
        )
        for number in numbers
    ]
    _print_gateways(gateways)
    engines = [
        await measure_engines(
            folder / f"engines-{number}", models, engines=number, cameras=arguments.cameras, seconds=arguments.seconds
        )
        for number in numbers
    ]
    _print_engines(engines)
    return {
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[2], 1),
        "gateways": [_rounded(asdict(one)) for one in gateways],
        "engines": [_rounded(asdict(one)) for one in engines],
    }


def _print_gateways(rates: Sequence[GatewayRates]) -> None:
    out.print("without clients | with clients; CPU: ms an alert, µs a delivery with its share of accepting")
    table = Table("gateways", "accepted/s", "gateway ms", "PostgreSQL ms", "clients", "accepted/s", "delivered/s", "µs")
    for one in rates:
        table.add_row(
            str(one.gateways), f"{one.accepted:.0f}", f"{one.gateway_ms_an_alert:.2f}",
            f"{one.postgres_ms_an_alert:.2f}", str(one.clients), f"{one.accepted_while_delivering:.0f}",
            f"{one.delivered:.0f}", f"{one.gateway_us_a_delivery:.0f}",
        )  # fmt: skip
    out.print(table)


def _print_engines(rates: Sequence[EngineRates]) -> None:
    cameras = f"cameras at {ANALYSIS_FPS:g} frames/s"
    table = Table("engines", "offered", "frames/s", cameras, "engine ms a frame", "gateway ms")
    for one in rates:
        table.add_row(
            str(one.engines), str(one.offered_cameras), f"{one.frames:.1f}", f"{one.cameras:.1f}",
            f"{one.engine_ms_a_frame:.1f}", f"{one.gateway_ms_a_frame:.2f}",
        )  # fmt: skip
    out.print(table)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


if __name__ == "__main__":
    main()
