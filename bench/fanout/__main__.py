"""Measures fan-out and prints it: a table, and one line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import processes
from bench.fanout import contest, idle, promptness
from bench.fanout.contest import OURS, SOCKETIO, WS, Rates
from bench.fanout.program import allow_many_files

out = Console(stderr=True, width=120)

CLIENTS = 500
PROMPTNESS_S = 12.0


async def _measure(folder: Path, *, rounds: int, seconds: float) -> dict[str, Any]:
    server_core, crowd_core = processes.cores()
    out.print(f"server on core {server_core}, clients on core {crowd_core}; this takes three to five minutes")
    rates = await contest.hold(
        folder / "contest", clients=CLIENTS, rounds=rounds, seconds=seconds,
        server_core=server_core, crowd_core=crowd_core,
    )  # fmt: skip
    _print_rates(rates)
    prompt = await promptness.measure(
        folder / "promptness", seconds=PROMPTNESS_S, server_core=server_core, crowd_core=crowd_core
    )
    out.print(
        f"{promptness.CLIENTS} clients, {prompt.alerts_per_s:.0f} alerts/s, each on disk first: "
        f"accept to client p50 {prompt.p50_ms:.1f} ms, p99 {prompt.p99_ms:.1f} ms, "
        f"{prompt.core_share:.0%} of the server's core, {prompt.clients_share:.0%} of the clients'"
        + ("" if prompt.complete else "; NOT ALL ARRIVED")
    )
    kib = await idle.kib_a_connection(folder / "idle", server_core=server_core, crowd_core=crowd_core)
    out.print(f"{idle.CLIENTS} idle clients: {kib:.1f} KiB each")
    alerts = rates[contest.KINDS[0].name]
    return {
        "clients": CLIENTS,
        "deliveries_per_cpu_s": {kind: {name: round(rate) for name, rate in of.items()} for kind, of in rates.items()},
        "ratio_node_ws": round(alerts[OURS] / alerts[WS], 2),
        "ratio_socketio": round(alerts[OURS] / alerts[SOCKETIO], 2),
        "ratio_raw": round(alerts[OURS] / alerts[contest.RAW], 2),
        "accept_to_client_ms_p50": round(prompt.p50_ms, 1),
        "accept_to_client_ms_p99": round(prompt.p99_ms, 1),
        "accept_to_client_clients": promptness.CLIENTS,
        "accept_to_client_alerts_per_s": round(prompt.alerts_per_s),
        "accept_to_client_core_share": round(prompt.core_share, 2),
        "accept_to_client_clients_core_share": round(prompt.clients_share, 2),
        "all_arrived": prompt.complete,
        "idle_clients": idle.CLIENTS,
        "idle_kib_a_connection": round(kib, 1),
    }


def _print_rates(rates: Rates) -> None:
    table = Table(title=f"thousand deliveries a CPU second, {CLIENTS} clients", title_justify="left")
    table.add_column("")
    for kind in rates:
        table.add_column(kind, justify="right")
    for name in next(iter(rates.values())):
        table.add_row(name, *(f"{of[name] / 1000:.0f}" for of in rates.values()))
    table.add_section()
    for other in (contest.RAW, WS, SOCKETIO):
        table.add_row(f"{OURS} ÷ {other}", *(f"{of[OURS] / of[other]:.2f}" for of in rates.values()))
    out.print(table)


def main() -> None:
    """Parses the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one server's turn")
    arguments = parser.parse_args()
    allow_many_files()
    with TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(Path(folder), rounds=arguments.rounds, seconds=arguments.seconds))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
