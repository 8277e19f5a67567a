"""Where pictures lie."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.stores.picture_paths import free_path, picture_path, safe_component


def at_ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


def test_numbers_are_unpadded_and_time_is_local() -> None:
    moment = at_ms(2026, 3, 5, 23, 4, 9) + 999
    assert picture_path("snapshot", "Ada", moment, UTC) == "screenshots/Ada/2026/3/5/23-4-9"
    assert picture_path("probe", "Ada", moment, ZoneInfo("Europe/Berlin")) == "probes/Ada/2026/3/6/0-4-9"


def test_taken_names_are_numbered_from_two() -> None:
    taken = {"a.jpg", "a-2.jpg", "a-4.jpg"}
    assert free_path("a", lambda path: False) == "a.jpg"
    assert free_path("a", taken.__contains__) == "a-3.jpg"


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Lin-Manuel Miranda", "Lin-Manuel Miranda"), ("José", "José"), ("../../etc", "_.._etc"), ("a/b\\c", "a_b_c"),
        (".", "unknown"), ("", "unknown"), ("  . ", "unknown"), ("tab\tnul\0", "tab_nul_"), ("李" * 60, "李" * 33),
        ("\ud800", "_"),
    ],
)  # fmt: skip
def test_names_as_folders(name: str, folder: str) -> None:
    assert safe_component(name) == folder


@given(st.text())
def test_any_name_is_one_safe_component(name: str) -> None:
    folder = safe_component(name)
    assert PurePosixPath(folder).parts == (folder,)
    assert folder not in (".", "..") and not folder.startswith(".")
    assert 0 < len(folder.encode()) <= 100
    assert folder.isprintable()
