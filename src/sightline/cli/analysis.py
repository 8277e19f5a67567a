"""`sightline analyse`: what recordings and pictures show."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import NOTES, OUT, print_json, table, warn
from sightline.cli.session import run
from sightline.client.answers import AnalysisInfo
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["analyse"]

POLL_S = 0.3
COLUMNS = ("file", "pictures", "faces", "known", "objects", "most people", "remarks")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts"}
)


def analyse(
    source: Annotated[Path, typer.Argument(help="A recording, a picture, or a folder of them.", exists=True)],
    fps: Annotated[
        float, typer.Option("--fps", help="Pictures a second of a recording that are looked at.", min=0.1, max=30)
    ] = 5.0,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every face and object to this file.")] = None,
    video: Annotated[
        Path | None,
        typer.Option("--video", help="Write the recording with its boxes to this file: WebM, or JPEG of a picture."),
    ] = None,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Say who and what recordings and pictures show. No alert is raised, and nothing is kept.

    A recording is looked at as a camera would be: faces and objects on their tracks, people named, crowds counted.

    [bold]Examples[/bold]

        sightline analyse entrance.mp4

        sightline analyse --csv seen.csv --video seen.webm entrance.mp4

        sightline analyse --json photographs | jq '.files[] | {name, frames: .frames_analysed}'
    """
    files = _files(source)
    if video is not None and len(files) != 1:
        raise SightlineError("--video is for one file, not for a folder")

    async def work(client: RestClient) -> dict[str, Any]:
        with contextlib.ExitStack() as stack:
            opened = [(path.name, stack.enter_context(path.open("rb"))) for path in files]
            job = await client.begin_analysis(opened, fps=fps, annotate=video is not None)
        try:
            await _until_done(client, job)
            if csv is not None:
                csv.write_bytes(await client.analysis_result(job.id, "result.csv"))
            result: dict[str, Any] = msgspec.json.decode(await client.analysis_result(job.id, "result.json"))
            if video is not None and "error" not in result["files"][0]:
                video.write_bytes(await client.analysis_result(job.id, "files/0/annotated"))
        finally:
            await client.delete_analysis(job.id)
        return result

    result = run(loaded(home, config), work)
    if as_json:
        print_json(result)
    else:
        OUT.print(table(COLUMNS, map(_row, result["files"])))
    failed = [one for one in result["files"] if "error" in one]
    if failed:
        warn(f"sightline: {len(failed)} of {len(files)} files could not be analysed to their end")
        raise typer.Exit(1)


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    found = sorted(path for path in source.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES)
    if not found:
        raise SightlineError(f"{source} holds no recording and no picture")
    return found


async def _until_done(client: RestClient, job: AnalysisInfo) -> None:
    """Raises `SightlineError` when it fails."""
    with _progress() as progress:
        task = progress.add_task("", total=1.0)
        while job.state in ("queued", "running"):
            progress.update(task, description=job.state, completed=job.progress)
            await asyncio.sleep(POLL_S)
            job = await client.analysis(job.id)
    if job.state != "done":
        raise SightlineError(f"the analysis {job.state}: {job.reason}")


def _progress() -> Progress:
    """A bar on standard error while somebody watches."""
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=NOTES, transient=True, disable=not NOTES.is_terminal,
    )  # fmt: skip


def _row(file: dict[str, Any]) -> tuple[str, ...]:
    frames = file["frames"]
    faces = [face for frame in frames for face in frame["faces"]]
    known = sorted({face["person"]["name"] for face in faces if face.get("person")})
    tracks = {face.get("track_id", index) for index, face in enumerate(faces)}
    things = {one.get("track_id", (number, index)) for number, frame in enumerate(frames)
              for index, one in enumerate(frame["objects"])}  # fmt: skip
    most = max((max(len(frame["faces"]), _bodies(frame)) for frame in frames), default=0)
    return (
        file["name"],
        str(file.get("frames_analysed", 0)),
        str(len(tracks)),
        ", ".join(known),
        str(len(things)),
        str(most),
        file.get("error", ""),
    )


def _bodies(frame: dict[str, Any]) -> int:
    return sum(one["label"] == "person" for one in frame["objects"])
