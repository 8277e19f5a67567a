"""The whole command, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sightline import __version__, telemetry
from sightline.cli import (
    agent,
    analysis,
    cameras,
    configuration,
    database,
    doctor,
    engine,
    engines,
    enrolment,
    evaluation,
    health,
    identification,
    models,
    people,
    recordings,
    searching,
    serving,
    tokens,
    users,
    workstations,
)
from sightline.cli.output import say, warn
from sightline.exceptions import ConfigurationError, SightlineError

__all__ = ["app", "run"]

app = typer.Typer(
    name="sightline",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Recognise people on camera, and tell the right person, provably.",
    epilog="Start with [bold]sightline demo[/bold]. `sightline COMMAND --help` shows examples of each command.",
)

_RUN = "Run"
_DATA = "Cameras and people"
_ADMIN = "Administration"

app.command(rich_help_panel=_RUN)(serving.demo)
app.command(rich_help_panel=_RUN)(serving.serve)
app.command(rich_help_panel=_RUN)(engine.engine)
app.command(rich_help_panel=_RUN)(doctor.doctor)
app.command(rich_help_panel=_RUN)(health.health)
app.command(rich_help_panel=_RUN)(agent.agent)
app.command(rich_help_panel=_DATA)(enrolment.enroll)
app.command(rich_help_panel=_DATA)(identification.identify)
app.command(rich_help_panel=_DATA)(searching.search)
app.command(rich_help_panel=_DATA)(analysis.analyse)
app.add_typer(people.app, name="people", rich_help_panel=_DATA)
app.add_typer(cameras.app, name="cameras", rich_help_panel=_DATA)
app.add_typer(recordings.app, name="recordings", rich_help_panel=_DATA)
app.add_typer(evaluation.app, name="evaluate", rich_help_panel=_ADMIN)
app.add_typer(models.app, name="models", rich_help_panel=_ADMIN)
app.add_typer(users.app, name="users", rich_help_panel=_ADMIN)
app.add_typer(engines.app, name="engines", rich_help_panel=_ADMIN)
app.add_typer(tokens.app, name="tokens", rich_help_panel=_ADMIN)
app.add_typer(workstations.app, name="workstations", rich_help_panel=_ADMIN)
app.add_typer(database.app, name="db", rich_help_panel=_ADMIN)
app.command(rich_help_panel=_ADMIN)(users.token)
app.command(rich_help_panel=_ADMIN)(configuration.settings)
app.command(rich_help_panel=_ADMIN)(configuration.version)


def _say_version(asked: bool) -> None:
    if asked:
        say(f"sightline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, and show where errors arise.")] = False,
    show_version: Annotated[
        bool, typer.Option("--version", help="Say the version and stop.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    # A command's error is its last line, not a log of how it came about. `serve` and `demo` configure logs anew.
    telemetry.configure("debug" if debug else "critical", "auto")


def run() -> None:
    """The command as it was typed. Raises `SystemExit`."""
    try:
        app()
    except Exception as error:  # the last resort: a defect of ours is told in a line as well
        if "--debug" in sys.argv[1:]:
            raise
        warn(f"sightline: {telemetry.redact_text(_in_words(error))}")
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


def _in_words(error: Exception) -> str:
    if isinstance(error, SightlineError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}. This is a defect; `sightline --debug …` shows where it arose."
