"""Where the values of settings come from: read once, together.

A value comes from the first of these that gives one: a flag of the command line, the environment (`SIGHTLINE_PORT` for
`port`), the YAML file, the default. The file is `--config`, else `SIGHTLINE_CONFIG`, else `sightline.yaml` in the home
folder where there is one. A name that is not in the list is refused, and so is a value that does not fit, all of them
in one error, so that nobody mends a file one line at a time.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import yaml
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from sightline.environment_aliases import read_aliases
from sightline.exceptions import ConfigurationError
from sightline.settings import ENVIRONMENT_PREFIX, Settings, environment_name, flag_name

__all__ = ["Loaded", "load", "nearest"]

_CONFIG_VARIABLE = "SIGHTLINE_CONFIG"
_NO_SETTINGS = (
    "SIGHTLINE_TEST_",  # where the test suite finds its pictures and models
    "SIGHTLINE_AGENT_",  # secrets of `sightline agent`
)
_OF_ENGINES = ("SIGHTLINE_ENGINE_GATEWAY", "SIGHTLINE_ENGINE_TOKEN", "SIGHTLINE_ENGINE_CA_FILE")
"""Of the command `engine`; a secret is no setting."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where each came from: `default`, `file …`, `environment …` or `flag …`."""

    settings: Settings
    origins: Mapping[str, str]
    config: Path | None


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one source gives, and how that source names a setting."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]
    problems: tuple[str, ...] = ()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote `name` most likely meant."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def load(flags: Mapping[str, Any] | None = None, *, config: Path | None = None) -> Loaded:
    """Settings from flags (`{"port": 8001}`; `None` means not given), environment, file and defaults.

    Raises `ConfigurationError` that lists everything that is wrong, in words.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    flag_layer = _Layer(given, {name: f"flag {flag_name(name)}" for name in given})
    environment = _read_environment()
    path = _config_file(config, flag_layer, environment)
    layers = (_read_file(path) if path else _Layer({}, {}), environment, flag_layer)

    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for layer in layers:
        values.update(layer.values)
        origins.update(layer.origins)
    problems = [problem for layer in layers for problem in layer.problems]
    settings = _validate(values, origins, problems)
    return Loaded(settings=settings, origins=origins, config=path)


def _validate(values: Mapping[str, Any], origins: Mapping[str, str], problems: list[str]) -> Settings:
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems = problems + [
            _in_words(detail, origins) for detail in error.errors() if detail["type"] != "default_factory_not_called"
        ]
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise ConfigurationError(
            f"the settings cannot be used:\n{listed}\n`sightline settings --help` lists every setting."
        )
    return settings


def _read_environment() -> _Layer:
    known = {environment_name(name): name for name in Settings.model_fields}
    problems = [
        f"{variable} is no setting of Sightline{_meant_variable(variable)}"
        for variable in sorted(os.environ)
        if variable.upper().startswith(ENVIRONMENT_PREFIX)
        and variable.upper() not in known
        and variable.upper() not in (_CONFIG_VARIABLE, *_OF_ENGINES)
        and not variable.upper().startswith(_NO_SETTINGS)
    ]
    aliases = read_aliases(os.environ)
    given = EnvSettingsSource(Settings)()
    values = {name: value for name, (value, _) in aliases.items()} | given
    origins = {name: f"environment {variable}" for name, (_, variable) in aliases.items()}
    origins |= {name: f"environment {environment_name(name)}" for name in given}
    return _Layer(values, origins, tuple(problems))


def _config_file(config: Path | None, flags: _Layer, environment: _Layer) -> Path | None:
    """The file to read: one that was asked for must exist, the one in the home folder may."""
    asked = config or (Path(os.environ[_CONFIG_VARIABLE]) if os.environ.get(_CONFIG_VARIABLE) else None)
    if asked is not None:
        if not asked.is_file():
            raise ConfigurationError(f"there is no settings file {asked}; check --config and {_CONFIG_VARIABLE}")
        return asked
    home = flags.values.get("home") or environment.values.get("home") or platformdirs.user_data_path("sightline")
    usual = Path(home).expanduser() / "sightline.yaml"
    return usual if usual.is_file() else None


def _read_file(path: Path) -> _Layer:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{path}{where} is not YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} must hold `name: value` lines")
    names = Settings.model_fields
    problems = [f"{key} in {path} is no setting{_meant(str(key), names)}" for key in content if key not in names]
    values = {name: value for name, value in content.items() if name in names}
    return _Layer(values, dict.fromkeys(values, f"file {path}"), tuple(problems))


def _meant(name: str, known: Iterable[str]) -> str:
    found = nearest(name, known)
    return f"; did you mean {found}?" if found else ""


def _meant_variable(variable: str) -> str:
    """Compares without the prefix, which every variable shares."""
    found = nearest(variable.upper().removeprefix(ENVIRONMENT_PREFIX).lower(), Settings.model_fields)
    return f"; did you mean {environment_name(found)}?" if found else ""


def _in_words(detail: Any, origins: Mapping[str, str]) -> str:
    """One of pydantic's error records as a sentence that names setting, source and rule, never a password."""
    name = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        return f"{name} is no setting{_meant(name, Settings.model_fields)}"
    rule = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    rule = rule.split(", unable")[0]
    shows_value = detail["type"] != "value_error" and name not in ("database_url", "redis_url")
    got = f", not {detail['input']!r}" if shows_value else ""
    return f"{name} ({origins[name]}): {rule[0].lower()}{rule[1:]}{got}"
