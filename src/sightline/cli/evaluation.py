"""`sightline evaluate`: how well recognition works here, and where its threshold should be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sightline.cli.evaluation_tables import say_gallery, say_pairs, say_video
from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import NOTES, print_json, warn
from sightline.exceptions import ConfigurationError, SightlineError, Unavailable

if TYPE_CHECKING:
    from sightline.evaluation.tracks import JudgedTrack
    from sightline.evaluation.video import Recorded

__all__ = ["app"]

app = typer.Typer(name="evaluate", help="Measure how well recognition works here.", no_args_is_help=True)

TargetFmr = Annotated[
    float, typer.Option("--fmr", help="False-match rate to propose a threshold for.", min=0.0, max=0.5)
]
Report = Annotated[
    Path | None,
    typer.Option("--report", help="Folder for report.html and its plots; made if missing.", file_okay=False),
]
Resamples = Annotated[
    int, typer.Option("--resamples", help="Resamples of the bootstrap that gives the intervals.", min=50, max=10_000)
]


@app.command()
def pairs(
    csv: Annotated[Path, typer.Argument(help="CSV: first picture, second picture, same (1 or 0).", dir_okay=False)],
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder that the pictures' names start from.", file_okay=False)
    ] = None,
    fmr: TargetFmr = 0.001,
    report: Report = None,
    resamples: Resamples = 500,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Compare pairs of pictures (1:1): FMR, FNMR, the best threshold, and how sure that is.

    Of each picture the largest face counts. Intervals are 95 %, by bootstrap over the pictures.

    [bold]Examples[/bold]

        sightline evaluate pairs pairs.csv --images photos

        sightline evaluate pairs pairs.csv --images photos --fmr 0.0001 --report out --json
    """
    from sightline.evaluation.figures import pair_figures
    from sightline.evaluation.pairs import compare_pairs
    from sightline.evaluation.pairs_file import read_pairs
    from sightline.service.evaluation import load_models, read_picture

    listed = read_pairs(_text(csv))
    models = load_models(loaded(home, config))
    folder = images or csv.parent
    with _counting("pictures") as progress:
        result = compare_pairs(
            listed, lambda name: read_picture(folder / name), models.analyser.analyse_image, progress
        )
    if not result.compared:
        raise SightlineError(f"no pair could be compared; first reason: {next(iter(result.failures.values()))}")
    similarity = models.analyser.embedder.similarity
    with _explained():
        figures, curve = pair_figures(
            result, similarity, model=models.analyser.model_id, target_fmr=fmr, resamples=resamples
        )
    if report is not None:
        from sightline.evaluation.report import pairs_report

        figures["report"] = _written(report, pairs_report(figures, result.comparisons(), curve))
    if as_json:
        print_json(figures)
    else:
        say_pairs(figures)


@app.command()
def gallery(
    people: Annotated[
        Path | None,
        typer.Option("--people", help="A folder of photos instead of the people enrolled here.", file_okay=False),
    ] = None,
    fmr: TargetFmr = 0.001,
    report: Report = None,
    resamples: Resamples = 500,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Search each enrolled photo among all others (1:N): who is found, who would be taken for whom.

    [bold]Examples[/bold]

        sightline evaluate gallery

        sightline evaluate gallery --people photos --report out
    """
    from sightline.evaluation.figures import gallery_figures
    from sightline.identities.leave_one_out import leave_one_out
    from sightline.service.evaluation import enrolled_people, load_models, people_of_folder

    settings = loaded(home, config)
    analyser = load_models(settings).analyser
    known = people_of_folder(people, analyser) if people else asyncio.run(enrolled_people(settings, analyser))
    if not len(known.gallery):
        raise Unavailable("nobody is enrolled with the embedder in use: `sightline enroll FOLDER` enrols people")
    left_out = leave_one_out(known.gallery)
    similarity = analyser.embedder.similarity
    with _explained():
        figures, curve = gallery_figures(
            left_out,
            lambda person: known.names.get(person, person),
            similarity,
            model=analyser.model_id,
            refused=known.refused,
            margin=settings.identity_margin or 0.0,
            target_fmr=fmr,
            resamples=resamples,
        )
    for pair in figures["confusable"]:
        pair["references"] = [known.files.get(reference, reference) for reference in pair["references"]]
    if report is not None:
        from sightline.evaluation.report import gallery_report

        comparisons = left_out.comparisons(margin=settings.identity_margin or 0.0)
        figures["report"] = _written(report, gallery_report(figures, comparisons, curve))
    if as_json:
        print_json(figures)
    else:
        say_gallery(figures)


@app.command()
def video(
    file: Annotated[Path, typer.Argument(help="A video file.", dir_okay=False)],
    truth: Annotated[
        Path,
        typer.Option("--truth", help="CSV: start_frame,end_frame,person (or start_s,end_s); x1,y1,x2,y2 if known."),
    ],
    people: Annotated[
        Path | None,
        typer.Option("--people", help="A folder of photos instead of the people enrolled here.", file_okay=False),
    ] = None,
    fps: Annotated[
        float | None, typer.Option("--fps", help="Analysed frames a second; as for cameras by default.", min=0.1)
    ] = None,
    min_face: Annotated[
        int | None, typer.Option("--min-face", help="Tracks with a smaller face do not count; px.", min=1)
    ] = None,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Run a video through recognition and hold its tracks against the truth (FPIR, FNIR by track).

    People are named in the truth as in the gallery. Whoever is in the truth and not in the gallery is a stranger.

    [bold]Examples[/bold]

        sightline evaluate video entrance.mp4 --truth entrance.csv

        sightline evaluate video entrance.mp4 --truth entrance.csv --people photos --json
    """
    from sightline.evaluation.tracks import judge_tracks, shares
    from sightline.evaluation.truth_file import read_truth
    from sightline.evaluation.video import follow, thinned
    from sightline.service.evaluation import enrolled_people, load_models, people_of_folder

    settings = loaded(home, config)
    known_truth = read_truth(_text(truth))
    models = load_models(settings)
    known = (
        people_of_folder(people, models.analyser) if people else asyncio.run(enrolled_people(settings, models.analyser))
    )
    least_px = settings.min_face_px if min_face is None else min_face
    with _frames(file) as frames:
        tracks = follow(
            thinned(frames, fps or settings.analysis_fps),
            models.new_analysis("evaluation"),
            known.gallery,
            name=lambda person: known.names.get(person, person),
            in_seconds=known_truth.in_seconds,
        )
    # Whoever is in the gallery with another name than in the truth would silently count as a stranger.
    enrolled = frozenset(known.names.values())
    for name in sorted(known_truth.people() - enrolled):
        warn(f"{name} is in the truth and not in the gallery: a stranger")
    judged = judge_tracks(tracks, known_truth, enrolled, min_width_px=least_px)
    figures = {**shares(judged), "min_face_px": least_px, "verdicts": [_judged(one) for one in judged]}
    if as_json:
        print_json(figures)
    else:
        say_video(figures)


def _judged(one: JudgedTrack) -> dict[str, Any]:
    return {
        "track": one.track.track_id,
        "from": one.track.moments[0][0],
        "to": one.track.moments[-1][0],
        "width_px": round(one.track.width_px, 1),
        "expected": sorted(one.expected),
        "named": sorted(one.track.names),
        "verdict": one.verdict.value,
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not a text file in UTF-8: {error.reason}") from error


def _written(folder: Path, files: Mapping[str, bytes]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder / "report.html")


@contextmanager
def _explained() -> Iterator[None]:
    """What the arithmetic refuses is about what it was given."""
    try:
        yield
    except ValueError as problem:
        raise SightlineError(str(problem)) from problem


@contextmanager
def _frames(file: Path) -> Iterator[Iterator[Recorded]]:
    """The frames of a video, counted on the terminal as they are taken."""
    from sightline.evaluation.video import Recorded
    from sightline.ingest.recorded import recorded_frames

    with recorded_frames(str(file)) as frames, _counting("frames") as progress:

        def counted() -> Iterator[Recorded]:
            for number, time_s, picture in frames:
                progress(number + 1, None)
                yield Recorded(number, time_s, picture)

        yield counted()


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int, int | None], None]]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=NOTES, transient=True, disable=not NOTES.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
