"""`sightline settings` and `sightline version`."""

from __future__ import annotations

import platform

from rich.text import Text

from sightline import __version__
from sightline.cli.options import Json, settings_as_flags
from sightline.cli.output import OUT, print_json, say, table, warn
from sightline.settings import Settings
from sightline.settings_sources import Loaded

__all__ = ["settings", "version"]


@settings_as_flags
def settings(loaded: Loaded, as_json: Json = False) -> None:
    """Print every setting as it is in effect, and where its value comes from.

    The first of these that gives a value decides: a flag, the environment (SIGHTLINE_PORT for port), the YAML file
    (--config, else SIGHTLINE_CONFIG, else sightline.yaml in the home folder), the default.

    [bold]Examples[/bold]

        sightline settings

        SIGHTLINE_PORT=9000 sightline settings --json

        sightline settings --analysis-fps 2
    """
    values = {name: _shown(name, loaded.settings) for name in Settings.model_fields}
    if as_json:
        print_json({name: {"value": values[name], "from": loaded.origins[name]} for name in values})
        return
    rows = (
        (name, "–" if value is None else str(value), Text(origin, "dim" if origin == "default" else "cyan"))
        for (name, value), origin in zip(values.items(), map(loaded.origins.__getitem__, values), strict=True)
    )
    OUT.print(table(("setting", "value", "from"), rows))
    if loaded.config is None:
        warn(f"no settings file; one at {loaded.settings.home / 'sightline.yaml'} would be read", "dim")


def version() -> None:
    """Print the version, and what it runs on."""
    say(f"sightline {__version__} (Python {platform.python_version()}, {platform.system()} {platform.machine()})")


def _shown(name: str, settings: Settings) -> object:
    value = settings.model_dump(mode="json")[name]
    if name in ("database_url", "redis_url") and isinstance(value, str):
        from sqlalchemy.engine import make_url  # here: every other command would wait for it at its start

        return make_url(value).render_as_string(hide_password=True)
    return value
