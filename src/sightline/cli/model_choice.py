"""`sightline models use` and `status`: which models work, while they work."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.text import Text

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table
from sightline.cli.session import run
from sightline.client.answers import EmbeddingChange, ModelsInfo
from sightline.exceptions import SightlineError

__all__ = ["status", "use"]

_BACK = "default"

_Choice = Annotated[str | None, typer.Option(show_default=False)]


def use(
    face: Annotated[str | None, typer.Option("--face", help="Face detector.", show_default=False)] = None,
    embedding: Annotated[str | None, typer.Option("--embedding", help="Face embedder.", show_default=False)] = None,
    objects: Annotated[
        str | None, typer.Option("--objects", help="Detector of persons and things.", show_default=False)
    ] = None,
    liveness: Annotated[
        str | None, typer.Option("--liveness", help="Networks against attacks, by commas.", show_default=False)
    ] = None,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Use other models, without a restart: a name of `sightline models list`, a file, `none`, or `default` for what the
    settings say.

    What cannot be loaded leaves the model before in use. Another embedder serves only after every stored photo was
    embedded by it, which happens in the background; `sightline models status` shows how far that is.

    [bold]Examples[/bold]

        sightline models use --embedding sface

        sightline models use --objects yolo-v8:yolo11n.onnx --liveness none
    """
    given = {"face_model": face, "embedding_model": embedding, "object_model": objects, "liveness_model": liveness}
    changes = {name: None if choice == _BACK else choice for name, choice in given.items() if choice is not None}
    if not changes:
        raise SightlineError("say which model to change: --face, --embedding, --objects or --liveness")
    found = run(loaded(home, config), lambda client: client.choose_models(changes))
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    for name, choice in changes.items():
        say(f"{name}: {choice or 'as the settings say'}")
    say(_embedding(found))


def status(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """Which models are in use, on what device, and how far a change of the embedder is."""
    found = run(loaded(home, config), lambda client: client.models())
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    rows = (
        (
            model.task,
            model.name,
            Text("in use", "green") if model.loaded else Text("not in use", "yellow"),
            model.device,
            model.reason,
        )
        for model in found.in_use
    )
    OUT.print(table(("task", "name", "state", "device", "why"), rows))
    say(_embedding(found))


def _embedding(found: ModelsInfo) -> str:
    """The change of the embedder in a sentence."""
    change = found.embedding
    if not change.changing:
        return f"{change.serving} recognises{_past(change)}"
    far = f", {change.done} of {change.references} photos embedded" if change.references is not None else ""
    lost = f", no face found in {change.failed}" if change.failed else ""
    why = f"; {change.problem}" if change.problem else ""
    return f"{change.chosen} takes the place of {change.serving}, which recognises until then{far}{lost}{why}"


def _past(change: EmbeddingChange) -> str:
    """What of before it does not know (yet)."""
    past, rejections = change.sightings, change.rejections
    waiting = past.total - past.done - past.failed if past is not None else 0
    far = f"; {waiting} of {past.total} sightings are still to be embedded by it" if past and waiting else ""
    none = f"; it finds no face in {past.failed} of {past.total} sightings" if past and past.failed else ""
    lost = f"; {rejections.failed} rejections do not hold for it" if rejections and rejections.failed else ""
    return f"{far}{none}{lost}"
