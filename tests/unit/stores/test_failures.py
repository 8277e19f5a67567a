"""A database's errors in plain words."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DataError, InvalidRequestError, OperationalError

from sightline.exceptions import Conflict, StoreError, Unavailable
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


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("25006", Unavailable, "standby"),
        ("28P01", StoreError, "password"),
        ("3D000", StoreError, "no such database"),
        ("40P01", Unavailable, "same moment"),
        ("53100", Unavailable, "disk of the database server is full"),
        ("55P03", Unavailable, "another gateway"),
        ("57P01", Unavailable, "cannot be reached"),
        ("08006", Unavailable, "cannot be reached"),
        ("23505", StoreError, "23505"),
    ],
)
def test_what_a_server_says(state: str, kind: type[Exception], words: str) -> None:
    original = psycopg.errors.lookup(state)("DETAIL: Key (x)=(s3cret) already exists.")
    explained = explain(OperationalError("INSERT INTO secrets", {"x": "s3cret"}, original))
    assert type(explained) is kind
    assert words in str(explained)
    assert "INSERT" not in str(explained) and "s3cret" not in str(explained)


def test_a_character_that_postgresql_knows_not() -> None:
    original = psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    assert isinstance(explain(DataError("INSERT", {}, original)), Conflict)


def test_an_error_of_the_toolkit_itself() -> None:
    assert str(explain(InvalidRequestError("INSERT s3cret"))) == "the database refused: InvalidRequestError"


def test_any_other_error_stays_what_it_is() -> None:
    error = ValueError("x")
    assert explain(error) is error
