"""A database's errors in plain words."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import InvalidRequestError, OperationalError

from sightline.exceptions import StoreError, Unavailable
from sightline.stores.failures import explain


def failed(code: int, words: str = "words of the driver") -> OperationalError:
    original = sqlite3.OperationalError(words)
    original.sqlite_errorcode = code
    return OperationalError("INSERT INTO secrets", {"x": "s3cret"}, original)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_FULL, Unavailable, "disk is full"),
        (sqlite3.SQLITE_IOERR_WRITE, Unavailable, "disk refuses"),
        (sqlite3.SQLITE_BUSY, Unavailable, "another program"),
        (sqlite3.SQLITE_LOCKED, Unavailable, "another program"),
        (sqlite3.SQLITE_READONLY, StoreError, "cannot be written"),
        (sqlite3.SQLITE_CANTOPEN, StoreError, "cannot be opened"),
        (sqlite3.SQLITE_CORRUPT, StoreError, "damaged"),
        (sqlite3.SQLITE_NOTADB, StoreError, "not a Sightline database"),
        (sqlite3.SQLITE_ERROR, StoreError, "words of the driver"),
    ],
)
def test_the_kind_and_the_words(code: int, kind: type[Exception], words: str) -> None:
    explained = explain(failed(code))
    assert type(explained) is kind
    assert words in str(explained)
    assert "INSERT" not in str(explained) and "s3cret" not in str(explained)


def test_an_error_of_the_toolkit_itself() -> None:
    assert str(explain(InvalidRequestError("INSERT s3cret"))) == "the database refused: InvalidRequestError"


def test_any_other_error_stays_what_it_is() -> None:
    error = ValueError("x")
    assert explain(error) is error
