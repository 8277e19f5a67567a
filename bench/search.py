"""Search in the past: 10,000, 100,000 and 1,000,000 templates of 128 numbers, beside plain numpy and faiss Flat.

    make bench-search                     (or: python -m bench.search --sizes 10000,100000 --json-only)

Each kind of search runs in a process of its own on one thread: milliseconds a query alone and in batches of 16 (median
of several), and how much memory the process grew by. Templates are random and of the length that the embedded model's
have; the time does not depend on them. The product's own search is also asked through its process, as the gateway asks
it, over a real store (`--store`, up to 100,000 by default: sealing a million takes minutes): from the question to the
answer, and how long it takes to read the sightings at a start. Ends with one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert

from sightline.clock import SystemClock
from sightline.gateway.past.search_process import SearchProcess
from sightline.identities.similarity import Similarity
from sightline.settings import Settings
from sightline.stores import SqlStore, meta, schema, sighting_rows
from sightline.stores.vault import Vault, load_or_create_master_key

__all__ = ["main"]

DIMENSIONS = 128
BATCH = 16
COUNT = 50
"""Hits that are asked for."""
NORM = 1.3
"""Of a typical template of the embedded model."""
KINDS = ("numpy", "faiss Flat", "Sightline (fp16)")
START_PATIENCE_S = 600.0

Search = Callable[[NDArray[np.float32]], Any]


def main() -> None:
    """Measures, prints a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="numbers of templates")
    parser.add_argument("--store", type=int, default=100_000, help="sightings of the real store; 0 leaves it out")
    parser.add_argument("--json-only", action="store_true", help="no table")
    arguments = parser.parse_args()
    say = (lambda text: None) if arguments.json_only else print
    results: dict[str, Any] = {"dimensions": DIMENSIONS, "batch": BATCH, "hits": COUNT, "searches": []}
    say(f"{'templates':>10}  {'search':<18} {'ms, alone':>10} {'ms in 16':>10} {'MiB':>8}")
    for size in (int(text) for text in arguments.sizes.split(",")):
        for kind in KINDS:
            measured = _apart(kind, size)
            results["searches"].append(measured)
            say(
                f"{size:>10,}  {kind:<18} {measured['single_ms']:>10.2f} {measured['batched_ms']:>10.2f} "
                f"{measured['memory_mib']:>8.0f}"
            )
    if arguments.store:
        results["process"] = asyncio.run(_through_the_process(arguments.store))
        say(
            f"\nover the store, {arguments.store:,} sightings: read in {results['process']['start_s']:.1f} s, "
            f"{results['process']['search_ms']:.1f} ms from question to answer, "
            f"process of {results['process']['process_mib']:.0f} MiB\n"
        )
    print(json.dumps(results))


def _apart(kind: str, size: int) -> dict[str, Any]:
    """One kind of search in a process of its own, so that memory is its own and threads are one."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (kind, size))


def _measure(kind: str, size: int) -> dict[str, Any]:
    rng = np.random.default_rng(size)
    probes = _templates(rng, BATCH)
    _searcher(kind, 1, rng)(probes)  # what libraries take once is not the templates'
    before = _resident_bytes()
    search = _searcher(kind, size, rng)
    memory = _resident_bytes() - before
    repeats = 30 if size <= 100_000 else 9
    single = [_timed(search, probes[number % BATCH][None]) for number in range(repeats)]
    batched = [_timed(search, probes) / BATCH for _ in range(max(5, repeats // 3))]
    return {
        "templates": size,
        "search": kind,
        "single_ms": round(statistics.median(single), 3),
        "batched_ms": round(statistics.median(batched), 3),
        "memory_mib": round(memory / 2**20, 1),
    }


def _templates(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    rows = rng.standard_normal((count, DIMENSIONS), np.float32)
    return rows * np.float32(NORM / DIMENSIONS**0.5)


def _searcher(kind: str, size: int, rng: np.random.Generator) -> Search:
    if kind == "numpy":
        return _numpy(_templates(rng, size))
    if kind == "faiss Flat":
        return _flat(size, rng)
    return _product(size, rng)


def _numpy(rows: NDArray[np.float32]) -> Search:
    norms = np.einsum("rd,rd->r", rows, rows)

    def search(probes: NDArray[np.float32]) -> object:
        squared = norms - 2 * (probes @ rows.T)
        count = min(COUNT, len(rows))
        nearest = np.argpartition(squared, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(squared, nearest, axis=1), axis=1)
        return np.take_along_axis(nearest, order, axis=1)

    return search


def _flat(size: int, rng: np.random.Generator) -> Search:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(DIMENSIONS)
    for chunk in _chunks(size):
        index.add(_templates(rng, chunk))
    return lambda probes: index.search(probes, COUNT)


def _product(size: int, rng: np.random.Generator) -> Search:
    import faiss

    from sightline.search.template_index import Entry, TemplateIndex

    faiss.omp_set_num_threads(1)
    index, key = TemplateIndex(DIMENSIONS), 0
    for chunk in _chunks(size):
        index.add([Entry(key + number, 0, 0, 0, row) for number, row in enumerate(_templates(rng, chunk))])
        key += chunk
    return lambda probes: index.search(probes, COUNT)


def _chunks(size: int, most: int = 10_000) -> list[int]:
    return [min(most, size - start) for start in range(0, size, most)]


def _timed(search: Search, probes: NDArray[np.float32]) -> float:
    started_s = time.perf_counter()
    search(probes)
    return (time.perf_counter() - started_s) * 1000


def _resident_bytes(pid: int | str = "self") -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise OSError("this machine does not say how much memory a process has")


async def _through_the_process(size: int) -> dict[str, Any]:
    """The search process over a real store, as the gateway asks it."""
    with tempfile.TemporaryDirectory(prefix="bench-search-") as folder:
        settings = Settings(home=Path(folder))
        key = load_or_create_master_key(settings.home / "keys" / "master.key")
        store = await SqlStore.open(settings.home, None, master_key=key, on_commit=lambda top: None, tz=UTC)
        try:
            rng = np.random.default_rng(0)
            for start in range(0, size, 10_000):
                rows = _templates(rng, min(10_000, size - start))
                await store.database.write(lambda c, rows=rows: _fill(c, Vault(key), rows))  # type: ignore[misc]
            process = SearchProcess(
                (sys.executable, "-m", "sightline.service.search"), settings.model_dump_json(), store.strangers,
                SystemClock(),
            )  # fmt: skip
            async with process.running():
                return await _ask(process, rng)
        finally:
            await store.close()


async def _ask(process: SearchProcess, rng: np.random.Generator) -> dict[str, Any]:
    started_s = time.perf_counter()
    async with asyncio.timeout(START_PATIENCE_S):
        while process.report()["state"] != "running":  # noqa: ASYNC110  # the system page polls as well
            await asyncio.sleep(0.05)
    start_s = time.perf_counter() - started_s
    probes = _templates(rng, 40)
    took = []
    for probe in probes:
        asked_s = time.perf_counter()
        await process.search("bench", [probe.tobytes()], COUNT)
        took.append((time.perf_counter() - asked_s) * 1000)
    return {
        "sightings": process.report()["indexed"],
        "start_s": round(start_s, 2),
        "search_ms": round(statistics.median(took), 2),
        "search_p95_ms": round(sorted(took)[int(len(took) * 0.95)], 2),
        "process_mib": round(_resident_bytes(process.report()["pid"]) / 2**20, 1),
    }


def _fill(connection: Connection, vault: Vault, rows: NDArray[np.float32]) -> None:
    """Sightings as the store writes them, many at once; without pictures, which the search does not read."""
    curve = Similarity(0.5, 15.0)
    first = meta.count(connection, meta.SIGHTINGS_VERSION, len(rows)) - len(rows) + 1
    if first == 1:
        model = {"model_id": "bench", "threshold": curve.threshold, "steepness": curve.steepness}
        connection.execute(insert(schema.template_models), model)
    values = []
    for number, row in enumerate(rows, first):
        sighting_id = f"sighting-{number:09d}"
        sealed_key = vault.new_key(sighting_id)
        seal = vault.opened(sighting_id, sealed_key)
        values.append(
            {
                "id": sighting_id, "key": number, "version": number, "track_id": f"track-{number}",
                "camera_id": f"camera-{number % 20}", "model_id": "bench", "first_seen_ms": number,
                "last_seen_ms": number, "person_id": None, "stranger_id": None, "grouping": sighting_rows.DONE,
                "similarity": None, "quality": 0.9, "live": None, "width_px": 60.0, "samples": 6,
                "sealed_key": sealed_key,
                "sealed_vector": seal.seal(
                    row.astype("<f4").tobytes(), sighting_rows.template_context(sighting_id, "bench")
                ),
            }
        )  # fmt: skip
    connection.execute(insert(schema.sightings), values)


if __name__ == "__main__":
    main()
