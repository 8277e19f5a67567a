"""`sightline recordings`: what cameras showed, where they are recorded all the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.cameras import camera_of
from sightline.cli.options import Config, Home, Json, Yes, loaded
from sightline.cli.output import NOTES, OUT, print_json, say, table, time_of, warn
from sightline.cli.session import run
from sightline.client.answers import CameraInfo
from sightline.client.footage_answers import CameraFootage, FootageDeletion, FootagePiece
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["app"]

app = typer.Typer(
    name="recordings", help="List, export and delete what is recorded all the time.", no_args_is_help=True
)

DAY = timedelta(days=1)
FORMATS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]

Which = Annotated[str, typer.Argument(help="The camera, by name or id.")]
Since = Annotated[datetime, typer.Argument(help="From when on, by this machine's clock.", formats=FORMATS)]
Until = Annotated[datetime, typer.Argument(help="Until when.", formats=FORMATS)]


@app.command("list")
def list_recordings(
    camera: Which,
    since: Annotated[
        datetime | None, typer.Option(help="From when on; without, of a day.", formats=FORMATS, show_default=False)
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Until when; without, until now.", formats=FORMATS, show_default=False)
    ] = None,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """List what there is of a camera.

    [bold]Example[/bold]

        sightline recordings list hall --since "2026-03-01 09:00" --until "2026-03-01 09:30"
    """
    end = until if until is not None else datetime.now()
    begin = since if since is not None else end - DAY

    async def ask(client: RestClient) -> CameraFootage:
        found = camera_of(await client.cameras(), camera)
        return await client.footage(found.id, _ms(begin), _ms(end))

    footage = run(loaded(home, config), ask)
    if as_json:
        print_json(footage)
        return
    if footage.pieces:
        rows = (
            (time_of(piece.starts_at), f"{piece.duration_ms / 1000:.1f} s", f"{piece.size_bytes / 1_000_000:.1f} MB")
            for piece in footage.pieces
        )
        OUT.print(table(("from", "length", "size"), rows))
    else:
        say("nothing was recorded" if footage.recording else "nothing was recorded: this camera is not")
    if footage.stopped:
        warn(f"nothing is recorded at the moment: {footage.stopped}", "yellow")
    if footage.truncated:
        warn("there is more than is shown", "yellow")
    _warn_of(footage.silent_engines)


@app.command()
def export(
    camera: Which,
    since: Since,
    until: Until,
    folder: Annotated[Path, typer.Option(help="Where the files are put.", file_okay=False)] = Path(),
    home: Home = None,
    config: Config = None,
) -> None:
    """Save every piece with a moment of this time, a file each, named by when it begins (UTC).

    What is there already is not fetched again. Each piece that is fetched is in the server's audit log.

    [bold]Example[/bold]

        sightline recordings export hall "2026-03-01 09:00" "2026-03-01 09:30" --folder evidence
    """

    async def fetch(client: RestClient) -> tuple[int, tuple[str, ...]]:
        found = camera_of(await client.cameras(), camera)
        folder.mkdir(parents=True, exist_ok=True)
        since_ms, until_ms, count, silent = _ms(since), _ms(until), 0, set[str]()
        while True:
            footage = await client.footage(found.id, since_ms, until_ms)
            silent |= set(footage.silent_engines)
            for piece in footage.pieces:
                target = folder / _file_name(found, piece)
                if not _is_there(target, piece):
                    await _save(client, piece, target)
                count += 1
            if not footage.truncated:
                return count, tuple(sorted(silent))
            since_ms = footage.pieces[-1].starts_at + footage.pieces[-1].duration_ms

    with NOTES.status("fetching …"):
        count, silent = run(loaded(home, config), fetch)
    say(f"{count} pieces in {folder}")
    _warn_of(silent)


@app.command()
def delete(
    camera: Which,
    since: Since,
    until: Until,
    yes: Yes = False,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Delete every piece with a moment of this time. This cannot be undone. Clips of alerts stay.

    The recordings of a camera that was removed are deleted by its id.

    [bold]Example[/bold]

        sightline recordings delete hall "2026-03-01 09:00" "2026-03-01 09:30"
    """

    async def find(client: RestClient) -> str:
        cameras = await client.cameras()
        known = any(camera in (one.id, one.name) for one in cameras)
        return camera_of(cameras, camera).id if known else camera

    async def remove(client: RestClient) -> FootageDeletion:
        return await client.delete_footage(camera_id, _ms(since), _ms(until))

    settings = loaded(home, config)
    camera_id = run(settings, find)
    if not yes:
        typer.confirm(f"Delete what {camera} recorded from {since} until {until}?", abort=True, err=True)
    deletion = run(settings, remove)
    if as_json:
        print_json(deletion)
    else:
        say(f"{deletion.deleted} pieces deleted")
        _warn_of(deletion.unreached_engines)
    if deletion.left:
        raise SightlineError(f"{deletion.left} pieces could not be deleted: the engine's log says why")


def _is_there(target: Path, piece: FootagePiece) -> bool:
    return target.exists() and target.stat().st_size == piece.size_bytes


async def _save(client: RestClient, piece: FootagePiece, target: Path) -> None:
    draft = target.with_name(f"{target.name}.part")
    try:
        with draft.open("wb") as file:
            await client.save_footage(piece, file)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _file_name(camera: CameraInfo, piece: FootagePiece) -> str:
    begin = datetime.fromtimestamp(piece.starts_at / 1000, UTC)
    name = "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in camera.name)
    ending = "webm" if piece.media_type == "video/webm" else "mp4"
    return f"{name} {begin:%Y-%m-%dT%H-%M-%S}-{piece.starts_at % 1000:03d}Z.{ending}"


def _warn_of(engines: tuple[str, ...]) -> None:
    if engines:
        warn(f"not asked, and may have more: {', '.join(engines)}", "yellow")


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)
