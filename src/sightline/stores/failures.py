"""What a database's error means to the person who reads it. No statement and no parameter is ever repeated."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sightline.exceptions import SightlineError, StoreError, Unavailable

__all__ = ["explain"]

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


def explain(error: Exception) -> Exception:
    """The error to raise for `error`: a database's in plain words, any other as it is."""
    if not isinstance(error, SQLAlchemyError):
        return error
    original = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int) and code & _PRIMARY_CODE in _PLAIN_WORDS:
        kind, words = _PLAIN_WORDS[code & _PRIMARY_CODE]
        return kind(words)
    if original is not None:
        return StoreError(f"the database refused: {original}")
    return StoreError(f"the database refused: {type(error).__name__}")
