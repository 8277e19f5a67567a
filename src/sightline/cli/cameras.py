"""`sightline cameras`: what is watched."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from sightline.cli.options import Config, Home, Json, Yes, loaded
from sightline.cli.output import NOTES, OUT, print_json, say, table, warn
from sightline.cli.session import run
from sightline.client.answers import CameraInfo, SourceTest
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError, SourceError
from sightline.privacy import FaceBlur

__all__ = ["app", "camera_of"]

app = typer.Typer(name="cameras", help="Add, list, change and remove cameras.", no_args_is_help=True)


class _Rotation(enum.StrEnum):
    NONE = "0"
    RIGHT = "90"
    OVER = "180"
    LEFT = "270"


Turn = Annotated[_Rotation | None, typer.Option(help="Turn its pictures clockwise by so many degrees.")]
Blur = Annotated[
    FaceBlur | None,
    typer.Option(help="Whose faces nobody can recognise in its pictures: of people who are not enrolled, or of all."),
]

_STATE_STYLES = {"online": "green", "offline": "red", "stalled": "yellow", "connecting": "yellow", "disabled": "dim"}


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    source: Annotated[str, typer.Argument(help="Where its pictures come from.")],
    latitude: Annotated[float | None, typer.Option(help="Where it hangs, in degrees north.", min=-90, max=90)] = None,
    longitude: Annotated[float | None, typer.Option(help="Where it hangs, in degrees east.", min=-180, max=180)] = None,
    fps: Annotated[float | None, typer.Option("--fps", help="Analysed frames a second.", min=0.1, max=60)] = None,
    alert_unknown: Annotated[
        bool | None, typer.Option("--alert-unknown/--no-alert-unknown", help="Alert about people whom nobody enrolled.")
    ] = None,
    substream: Annotated[
        str | None, typer.Option(help="A smaller stream of it, to be analysed; faces are looked at closely in SOURCE.")
    ] = None,
    rotation: Turn = None,
    blur_faces: Blur = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Add it without starting it.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Open it first, and add it only when that works.")] = False,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Add a camera. A user name and password in its address are stored sealed and never shown again.

    [bold]Examples[/bold]

        sightline cameras add door rtsp://user:password@10.0.0.9/stream1 --test

        sightline cameras add hall rtsp://10.0.0.8/main --substream rtsp://10.0.0.8/sub

        sightline cameras add yard http://10.0.0.7/video.mjpg --latitude 52.52 --longitude 13.405

        sightline cameras add desk device:0 --fps 2

        sightline cameras add gate rtsp://10.0.0.5/main --rotation 90 --blur-faces unknown

        sightline cameras add clip recording.mp4

        sightline cameras add demo demo: --alert-unknown

        sightline cameras add phone whip: && sightline cameras token phone
    """
    where = _from_here(source)

    async def create(client: RestClient) -> CameraInfo:
        if test:
            await _require_working(client, where)
            if substream:
                await _require_working(client, _from_here(substream))
        return await client.create_camera(
            name=name,
            source=where,
            latitude=latitude,
            longitude=longitude,
            analysis_fps=fps,
            enabled=not disabled,
            alert_unknown=alert_unknown,
            substream=_from_here(substream) if substream else None,
            rotation=int(rotation.value) if rotation else None,
            blur_faces=blur_faces.value if blur_faces else None,
        )

    camera = run(loaded(home, config), create)
    if as_json:
        print_json(camera)
    else:
        say(f"added {camera.name} ({camera.source})")


@app.command()
def test(
    source: Annotated[str, typer.Argument(help="Where its pictures come from.")],
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Open a source, read a picture, and say what there is, or in plain words what is wrong. Nothing is added.

    [bold]Example[/bold]

        sightline cameras test rtsp://user:password@10.0.0.9/stream1
    """
    where = _from_here(source)

    async def ask(client: RestClient) -> SourceTest:
        with NOTES.status("opening the camera …"):
            return await client.test_source(where)

    result = run(loaded(home, config), ask)
    if as_json:
        print_json(result)
    if not result.ok:
        raise SourceError(result.message)
    if not as_json:
        say(f"works: {result.message}")


@app.command("list")
def list_cameras(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """List the cameras and how each of them is."""

    async def ask(client: RestClient) -> tuple[CameraInfo, ...]:
        return await client.cameras()

    cameras = run(loaded(home, config), ask)
    if as_json:
        print_json(cameras)
    elif not cameras:
        say("no cameras; add one: sightline cameras add NAME SOURCE")
    else:
        OUT.print(table(("name", "state", "source", "place", "analysed", "unknown people"), map(_row, cameras)))


@app.command()
def change(
    camera: Annotated[str, typer.Argument(help="Name or id.")],
    name: Annotated[str | None, typer.Option(help="What people call it from now on.")] = None,
    fps: Annotated[float | None, typer.Option("--fps", help="Analysed frames a second.", min=0.1, max=60)] = None,
    alert_unknown: Annotated[
        bool | None, typer.Option("--alert-unknown/--no-alert-unknown", help="Alert about people whom nobody enrolled.")
    ] = None,
    rotation: Turn = None,
    blur_faces: Blur = None,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Change a camera. What is not given stays.

    [bold]Example[/bold]

        sightline cameras change gate --rotation 270 --blur-faces all
    """
    options: dict[str, str | float | bool | None] = {
        "name": name,
        "analysis_fps": fps,
        "alert_unknown": alert_unknown,
        "rotation": int(rotation.value) if rotation else None,
        "blur_faces": blur_faces.value if blur_faces else None,
    }
    fields = {field: value for field, value in options.items() if value is not None}
    if not fields:
        raise SightlineError("nothing to change: give at least one option; `--help` shows them")

    async def ask(client: RestClient) -> CameraInfo:
        return await client.change_camera(camera_of(await client.cameras(), camera).id, **fields)

    changed = run(loaded(home, config), ask)
    if as_json:
        print_json(changed)
    else:
        say(f"changed {changed.name}")


@app.command()
def remove(
    camera: Annotated[str, typer.Argument(help="Name or id.")],
    yes: Yes = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Remove a camera. Its alerts stay."""

    async def find(client: RestClient) -> CameraInfo:
        return camera_of(await client.cameras(), camera)

    async def forget(client: RestClient) -> None:
        await client.remove_camera(found.id)

    settings = loaded(home, config)
    found = run(settings, find)
    if not yes:
        typer.confirm(f"Remove the camera {found.name}?", abort=True, err=True)
    run(settings, forget)
    say(f"removed {found.name}")


@app.command()
def token(
    camera: Annotated[str, typer.Argument(help="Name or id.")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Make the token void, without a new one.")] = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Print a new token for the device that publishes to a camera, and where to. The one before it is void."""

    async def ask(client: RestClient) -> tuple[CameraInfo, str]:
        found = camera_of(await client.cameras(), camera)
        if revoke:
            await client.revoke_camera_token(found.id)
            return found, ""
        return found, await client.camera_token(found.id)

    found, made = run(loaded(home, config), ask)
    if revoke:
        say(f"no device may publish to {found.name} with its token any more")
    else:
        warn(f"publish by WHIP to /whip/{found.id} of this server, with this bearer token:", "dim")
        say(made)


async def _require_working(client: RestClient, source: str) -> None:
    with NOTES.status("opening the camera …"):
        result: SourceTest = await client.test_source(source)
    if not result.ok:
        raise SourceError(f"not added, because it does not work: {result.message}")
    warn(f"works: {result.width} × {result.height}, {result.codec}, {result.fps or 0:.3g} frames a second", "green")


def camera_of(cameras: tuple[CameraInfo, ...], wanted: str) -> CameraInfo:
    """The camera of this id, else the only one of this name."""
    found = [one for one in cameras if one.id == wanted] or [one for one in cameras if one.name == wanted]
    if not found:
        raise SightlineError(f"there is no camera {wanted!r}; `sightline cameras list` shows those there are")
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise SightlineError(f"{len(found)} cameras are called {wanted!r}; use an id: {ids}")
    return found[0]


def _from_here(source: str) -> str:
    """A path as it is meant by somebody in this folder; the server may run in another."""
    path = Path(source).expanduser()
    return str(path.absolute()) if path.is_file() else source


def _row(camera: CameraInfo) -> tuple[str | Text, ...]:
    status = camera.status
    state = status.state + (f": {status.reason}" if status.reason else "")
    known = camera.latitude is not None and camera.longitude is not None
    return (
        camera.name,
        Text(state, _STATE_STYLES[status.state]),
        camera.source,
        f"{camera.latitude:.5f}, {camera.longitude:.5f}" if known else "–",
        f"{camera.analysis_fps:g}/s",
        "alert" if camera.alert_unknown else "–",
    )
