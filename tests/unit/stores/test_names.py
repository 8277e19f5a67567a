"""Names as they are compared."""

from __future__ import annotations

import pytest

from sightline.stores.names import name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "ADA"), ("e\u0301mile", "Émile"), ("Straße", "STRASSE"), (" a  b ", "a b"), ("\uff21da", "ada")],
)
def test_the_same_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Ada", "Eda"), ("a b", "ab"), ("e", "é")])
def test_different_names(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
