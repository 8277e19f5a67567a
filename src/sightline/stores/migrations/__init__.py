"""Bringing a database to the tables of this version of Sightline, with Alembic, at every opening.

A migration runs inside the transaction it is given: a crash leaves the old database or the new one. To write the next
one, add `versions/vNNNN_what_it_does.py` with its `down_revision`; a test compares the result with `schema.metadata`.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from sightline.exceptions import StoreError

__all__ = ["CREATED_AT_MS", "head", "revision_of", "upgrade"]

CREATED_AT_MS = "created_at_ms"
"""The key, in Alembic's configuration, of the time that a new database is stamped with."""


def upgrade(connection: Connection, now_ms: int, *, to: str | None = None) -> None:
    """Runs every migration that this database has not seen, up to the revision `to` or all. Raises `StoreError` when
    it, or `to`, is newer than this program."""
    config = _config()
    config.attributes["connection"] = connection
    config.attributes[CREATED_AT_MS] = now_ms
    script = ScriptDirectory.from_config(config)
    current = revision_of(connection)
    if current == (to or script.get_current_head()):
        return
    for revision in (current, to):
        if revision is not None:
            _check_known(script, revision)
    command.upgrade(config, to or "head")


def revision_of(connection: Connection) -> str | None:
    """The version of the tables in this database; `None` where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The version of the tables that this program works with."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _check_known(script: ScriptDirectory, revision: str) -> None:
    try:
        script.get_revision(revision)
    except CommandError:
        raise StoreError(
            f"this database was written by a newer Sightline (its version is {revision!r}): update Sightline, "
            "or restore a backup made with this version"
        ) from None
