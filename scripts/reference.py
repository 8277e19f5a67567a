"""Writes the reference pages that come from the code: `make docs`. A test sees to it that they are current."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from scripts import messages
from sightline.cli import app
from sightline.cli.options import default_of, kind_of
from sightline.settings import Settings, environment_name, flag_name, group_of

__all__ = ["main", "pages"]

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
GENERATED = "<!-- Written by `make docs`. Change the code instead. -->\n"

SETTINGS_INTRODUCTION = """\
# Settings

Every setting has one name. It can be given as a flag of `sightline serve`, as a variable of the environment, or as a
line of a YAML file; the first of these that gives a value decides, then the default:

1. a flag: `sightline serve --log-level debug`
2. the environment: `SIGHTLINE_LOG_LEVEL=debug`
3. the YAML file: `log_level: debug`. The file is `--config FILE`, else `SIGHTLINE_CONFIG`, else `sightline.yaml` in
   the home folder where there is one.

Lists are written with commas (`SIGHTLINE_ALERT_ROLES=admin,operator`) or as YAML lists. A name that is not below is
refused, with the nearest one that is. `sightline settings` prints what is in effect, and where each value comes from.
"""

CLI_INTRODUCTION = """\
# Command line

Every command takes `--home FOLDER` (else `SIGHTLINE_HOME`, else the platform's folder for the data of programs) and
`--config FILE`. While a server runs for that home folder, commands talk to it; otherwise they open the store
themselves.

`--json`, where there is one, prints JSON and nothing else on standard output. Exit codes: 0 done, 1 not done, 2 asked
wrongly. `sightline --debug COMMAND` logs everything and shows where an error arose.
"""


def main() -> None:
    """Writes the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The text of each page, by the name of its file."""
    return {
        "settings.md": _settings(),
        "cli.md": _cli(),
        "messages.md": messages.page(),
        "asyncapi.yaml": messages.asyncapi(),
    }


def _settings() -> str:
    lines = [GENERATED, SETTINGS_INTRODUCTION]
    group = ""
    for name, field in Settings.model_fields.items():
        if group_of(field) != group:
            group = group_of(field)
            lines += [f"\n## {group}\n", "| setting | kind | default | |", "| --- | --- | --- | --- |"]
        default = f"`{default_of(field)}`" if default_of(field) else ""
        kind = kind_of(field).replace("|", r"\|")
        lines.append(f"| `{name}` | {kind} | {default} | {field.description} |")
    lines.append(
        f"\nFlags and variables follow from the name: `{flag_name('log_level')}`, `{environment_name('log_level')}`.\n"
    )
    return "\n".join(lines)


def _cli() -> str:
    return "\n".join([GENERATED, CLI_INTRODUCTION, *_command(typer.main.get_command(app), "sightline")]) + "\n"


def _command(command: Any, path: str) -> Iterator[str]:
    subcommands = getattr(command, "commands", None)
    if subcommands is None:
        yield f"\n## {path}\n"
        yield _markdown(command.help or "")
        yield from _parameters(command)
        return
    for name, sub in subcommands.items():
        yield from _command(sub, f"{path} {name}")


def _parameters(command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if parameter.name not in ("home", "config", "help")]
    if command.name in ("serve", "settings"):
        shown = [parameter for parameter in shown if parameter.name not in Settings.model_fields]
        yield "\nEvery [setting](settings.md) is a flag of this command."
    if shown:
        yield "\n| | |\n| --- | --- |"
    for parameter in shown:
        yield f"| {_syntax(parameter)} | {_markdown(parameter.help or '')}{_default(parameter)} |"


def _syntax(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`" if parameter.required else f"`[{parameter.name.upper()}]`"
    names = [*parameter.opts, *parameter.secondary_opts]
    return ", ".join(f"`{name}`" for name in sorted(names, key=len, reverse=True))


def _default(parameter: Any) -> str:
    if isinstance(parameter.default, bool) or parameter.default is None or parameter.required:
        return ""
    value = getattr(parameter.default, "value", parameter.default)
    return f" Default: `{value}`." if isinstance(value, str | int | float) and value != "" else ""


def _markdown(help_text: str) -> str:
    """Rich's markup as Markdown, examples as code."""
    text = re.sub(r"\[/?bold\]", "**", help_text.strip())
    return re.sub(r"\n\n {4}(?! )", "\n\n    ", text)


if __name__ == "__main__":
    main()
