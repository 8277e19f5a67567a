"""Facts about the database itself, by name."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, update

from sightline.exceptions import StoreError
from sightline.stores import schema

__all__ = [
    "CANARY",
    "EPOCH",
    "GALLERY_START",
    "GALLERY_VERSION",
    "LOG_FLOOR",
    "SIGHTINGS_FLOOR",
    "SIGHTINGS_VERSION",
    "STRANGER_NUMBER",
    "count",
    "find",
    "get",
    "put",
]

EPOCH = "epoch"
"""Names this log; renewed by every restore."""
LOG_FLOOR = "log_floor"
GALLERY_START = "gallery_start"
"""The gallery's version when this database was made: nobody can have an older one of this gallery."""
GALLERY_VERSION = "gallery_version"
SIGHTINGS_FLOOR = "sightings_floor"
"""Up to this version the removals of sightings are forgotten: who follows from before must begin anew."""
SIGHTINGS_VERSION = "sightings_version"
STRANGER_NUMBER = "stranger_number"
"""The last number that a stranger was given; none is given twice."""
CANARY = "canary"
"""A known text sealed with the master key, by which a wrong key is noticed."""

_FIND = select(schema.meta.c.value).where(schema.meta.c.key == bindparam("name"))
_REPLACE = update(schema.meta).where(schema.meta.c.key == bindparam("name")).values(value=bindparam("new_value"))


def find(connection: Connection, name: str) -> str | None:
    """The value under `name`, if there is one."""
    return connection.execute(_FIND, {"name": name}).scalar_one_or_none()


def get(connection: Connection, name: str) -> str:
    """The value under `name`, which every database has. Raises `StoreError` when this one has not."""
    value = find(connection, name)
    if value is None:
        raise StoreError(f"the database is damaged ({name!r} is missing): stop Sightline and restore a backup")
    return value


def put(connection: Connection, name: str, value: str) -> None:
    """Sets the value under `name`."""
    if connection.execute(_REPLACE, {"name": name, "new_value": value}).rowcount == 0:
        connection.execute(insert(schema.meta), {"key": name, "value": value})


def count(connection: Connection, name: str, by: int = 1) -> int:
    """Raises the counter under `name`, which begins at 0, and answers its new value."""
    value = int(find(connection, name) or 0) + by
    put(connection, name, str(value))
    return value
