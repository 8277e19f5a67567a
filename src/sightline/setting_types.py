"""The kinds of value that settings have: how each may be written, and what is refused."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from sightline.accounts import Role
from sightline.decisions.levels import parse_alert_levels
from sightline.decisions.workstation import parse_decide_over
from sightline.deliveries.pushed import parse_levels
from sightline.deliveries.rates import parse_rates
from sightline.deliveries.rendition import parse_renditions
from sightline.deliveries.target import check_url
from sightline.detections.classes import parse_classes
from sightline.events.alert import AlertType, Severity
from sightline.exceptions import ConfigurationError
from sightline.ice import parse_ice_servers, parse_ports
from sightline.listeners import parse_listeners

__all__ = [
    "AbsolutePath",
    "AlertLevels",
    "AlertTypes",
    "BaseUrl",
    "Contact",
    "FrameAlertLevels",
    "IceServers",
    "IpAddresses",
    "Listeners",
    "Namespace",
    "Networks",
    "ObjectClasses",
    "OptionalAbsolutePath",
    "Rates",
    "RedisUrl",
    "Renditions",
    "Roles",
    "Severities",
    "ShareOfPictures",
    "TimeZoneName",
    "UdpPorts",
    "Words",
]


def _split(value: object) -> object:
    """`a, b` as one may write a list in the environment or in a flag."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _known_zone(value: str | None) -> str | None:
    if value is not None:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; write it like Europe/Berlin") from error
    return value


def _absolute(value: Path) -> Path:
    return value.expanduser().absolute()


def _absolute_or_none(value: Path | None) -> Path | None:
    return None if value is None else _absolute(value)


def _as_classes(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_classes(value)
    return value


def _at_least_one_role(value: tuple[Role, ...]) -> tuple[Role, ...]:
    if not value or Role.MACHINE in value:
        raise ValueError("name at least one of admin, operator, responder, viewer")
    return value


def _as_rates(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_rates(value)
    return value


def _as_renditions(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_renditions(value)
    return value


def _as_listeners(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_listeners(value)
    return value


def _as_levels(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_levels(value)
    return value


def _as_alert_levels(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_alert_levels(value)
    return value


def _as_share(value: str) -> str:
    parse_decide_over(value)
    return value


def _as_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ValueError(f"{network!r} is no address or network; write it like 10.0.0.0/8") from error
    return value


def _as_base_url(value: str | None) -> str | None:
    if value is not None:
        try:
            check_url(value, secure=False)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
    return value


def _as_contact(value: str) -> str:
    if not value.startswith(("mailto:", "https://")) or not value.isascii() or " " in value:
        raise ValueError("write it like mailto:somebody@example.org")
    return value


def _as_ice_servers(value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        parse_ice_servers(value)
    except ConfigurationError as error:
        raise ValueError(str(error)) from error
    return value


def _as_ip_addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    for address in value:
        ipaddress.ip_address(address)
    return value


def _as_ports(value: str) -> str:
    try:
        parse_ports(value)
    except ConfigurationError as error:
        raise ValueError(str(error)) from error
    return value


def _as_redis_url(value: str | None) -> str | None:
    if value is not None:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
        if parts.scheme not in ("redis", "rediss", "unix") or "://" not in value or not (parts.netloc or parts.path):
            raise ValueError("write it like redis://127.0.0.1:6379/0")
    return value


def _as_namespace(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", value) is None:
        raise ValueError("at most 64 letters, digits, dots, colons, underscores and dashes")
    return value


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
OptionalAbsolutePath = Annotated[Path | None, AfterValidator(_absolute_or_none)]
TimeZoneName = Annotated[str | None, AfterValidator(_known_zone)]
Rates = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_rates)]
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_networks)]
Listeners = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_listeners)]
FrameAlertLevels = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_levels)]
Renditions = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_renditions)]
ObjectClasses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_classes)]
AlertLevels = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_alert_levels)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Roles = Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_split), AfterValidator(_at_least_one_role)]
AlertTypes = Annotated[tuple[AlertType, ...], NoDecode, BeforeValidator(_split)]
Severities = Annotated[tuple[Severity, ...], NoDecode, BeforeValidator(_split)]
ShareOfPictures = Annotated[str, AfterValidator(_as_share)]
BaseUrl = Annotated[str | None, AfterValidator(_as_base_url)]
Contact = Annotated[str, AfterValidator(_as_contact)]
IceServers = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_ice_servers)]
IpAddresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_ip_addresses)]
UdpPorts = Annotated[str, AfterValidator(_as_ports)]
RedisUrl = Annotated[str | None, AfterValidator(_as_redis_url)]
Namespace = Annotated[str, AfterValidator(_as_namespace)]
