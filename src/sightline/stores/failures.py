"""What a database's error means to the person who reads it. No statement and no parameter is ever repeated."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sightline.exceptions import Conflict, SightlineError, StoreError, Unavailable

__all__ = ["explain", "is_disconnection"]

_PRIMARY_CODE = 0xFF
"""An extended result code of SQLite holds the primary one in its low byte."""

_PLAIN_WORDS: dict[int, tuple[type[SightlineError], str]] = {
    sqlite3.SQLITE_FULL: (
        Unavailable,
        "the disk is full, so nothing can be recorded: free some space where Sightline keeps its data; "
        "it goes on by itself",
    ),
    sqlite3.SQLITE_IOERR: (
        Unavailable,
        "the disk refuses to read or write (full, over its quota, or failing): check the disk where Sightline keeps "
        "its data; it goes on by itself",
    ),
    sqlite3.SQLITE_BUSY: (Unavailable, "another program holds the database: stop it, or try again shortly"),
    sqlite3.SQLITE_LOCKED: (Unavailable, "another program holds the database: stop it, or try again shortly"),
    sqlite3.SQLITE_READONLY: (StoreError, "the database cannot be written: check the owner and mode of its folder"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "the database cannot be opened: check that its folder exists and is yours"),
    sqlite3.SQLITE_CORRUPT: (StoreError, "the database is damaged: stop Sightline and restore a backup"),
    sqlite3.SQLITE_NOTADB: (StoreError, "the file is not a Sightline database: check the address of the database"),
}

_AWAY = (Unavailable, "the database server cannot be reached: see that it runs and can be reached from here; "
         "it goes on by itself")  # fmt: skip
_STATES: dict[str, tuple[type[SightlineError], str]] = {
    "25006": (Unavailable, "the database server takes no writes (a standby?): point `database_url` at the primary"),
    "28P01": (StoreError, "the database server refuses the user or the password of `database_url`"),
    "28000": (StoreError, "the database server refuses the user of `database_url`"),
    "3D000": (StoreError, "the database server has no such database: create it first"),
    "40001": (Unavailable, "the database was changed at the same moment: try again"),
    "40P01": (Unavailable, "the database was changed at the same moment: try again"),
    "42501": (StoreError, "the user of `database_url` may not do this: it must own its database"),
    "53100": (Unavailable, "the disk of the database server is full: free some space there; it goes on by itself"),
    "53300": (Unavailable, "the database server has no connection left: raise its max_connections"),
    "55P03": (Unavailable, "another gateway holds the database: try again shortly"),
    "57014": (Unavailable, "the database took too long to answer: try again shortly"),
    "57P01": _AWAY,
    "57P02": _AWAY,
    "57P03": _AWAY,
    "57P05": _AWAY,
    "25P03": _AWAY,
}
"""By SQLSTATE, what PostgreSQL says (Appendix A of its manual)."""
_CONNECTION_EXCEPTION = "08"
_REFUSALS_OF_THE_SERVER = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "does not exist": "3D000",
    "no pg_hba.conf entry": "28000",
}
"""What is refused while connecting comes as words only."""


def is_disconnection(error: Exception) -> bool:
    """Whether the connection to a database server was lost, so that another may do better."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def explain(error: Exception) -> Exception:
    """The error to raise for `error`: a database's in plain words, any other as it is."""
    if not isinstance(error, SQLAlchemyError):
        return error
    original = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int) and code & _PRIMARY_CODE in _PLAIN_WORDS:
        kind, words = _PLAIN_WORDS[code & _PRIMARY_CODE]
        return kind(words)
    if isinstance(original, psycopg.DataError) and "NUL" in str(original):
        return Conflict("a text may not hold the character NUL")
    if isinstance(original, psycopg.Error):
        kind, words = _in_words(original)
        return kind(words)
    if original is not None:
        return StoreError(f"the database refused: {original}")
    return StoreError(f"the database refused: {type(error).__name__}")


def _in_words(error: psycopg.Error) -> tuple[type[SightlineError], str]:
    state = error.sqlstate
    if state is None:
        said = str(error)
        state = next((code for words, code in _REFUSALS_OF_THE_SERVER.items() if words in said), None)
    if state is None or state.startswith(_CONNECTION_EXCEPTION):
        return _AWAY
    about = f", {error.diag.constraint_name}" if error.diag.constraint_name else ""
    return _STATES.get(state, (StoreError, f"the database refused (SQLSTATE {state}{about})"))
