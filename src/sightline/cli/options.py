"""Options that many commands share, and the settings as flags."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from sightline import settings_sources
from sightline.settings import Settings, flag_name, group_of

__all__ = ["Config", "Home", "Json", "Yes", "default_of", "kind_of", "loaded", "settings_as_flags"]

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything that is kept. Also SIGHTLINE_HOME.", show_default=False),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="YAML file of settings. Also SIGHTLINE_CONFIG.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Answer for programs: JSON, nothing else on standard output.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_KINDS: dict[Any, str] = {int: "whole number", float: "number", bool: "true|false", Path: "folder"}


def loaded(home: Path | None, config: Path | None) -> Settings:
    """The settings of a command that takes only `--home` and `--config`."""
    return settings_sources.load({"home": home}, config=config).settings


def settings_as_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Gives `command(loaded, …)` one flag for each setting, and `--config`.

    Typer reads a function's signature, so the flags are put there. Values are passed on as they are typed: what fits a
    setting is decided in one place, `sightline.settings`.
    """

    @functools.wraps(command)
    def with_settings(*args: Any, **given: Any) -> None:
        config = given.pop("config")
        flags = {name: given.pop(name) for name in Settings.model_fields}
        command(settings_sources.load(flags, config=config), *args, **given)

    own = inspect.signature(command, eval_str=True)
    _, *parameters = own.parameters.values()
    flags = [_flag(name, field) for name, field in Settings.model_fields.items()]
    config = inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, annotation=Config, default=None)
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    signature = inspect.Signature([*keyword_only, config, *flags], return_annotation=None)
    with_settings.__signature__ = signature  # type: ignore[attr-defined]
    with_settings.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    return with_settings


def default_of(field: FieldInfo) -> str:
    """The default as one would type it; empty where the description tells it."""
    if field.default_factory is not None or field.default is None:
        return ""
    value = field.default
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def kind_of(field: FieldInfo) -> str:
    """What may be typed for a setting, in a word or as its choices."""
    annotation = field.annotation
    if get_origin(annotation) is types.UnionType:
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list, by commas"
    return _KINDS.get(annotation, "text")


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    default = default_of(field)
    option = typer.Option(
        flag_name(name),
        help=f"{field.description} (default: {default})" if default else field.description,
        metavar=kind_of(field),
        show_default=False,
        rich_help_panel=group_of(field),
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str | None, option], default=None
    )
