"""Tables to take along."""

from __future__ import annotations

import csv
import io

import pytest

from sightline.gateway.web.csv_table import csv_table


def test_a_table_reads_back() -> None:
    table = csv_table(("name", "count"), [('Ada "the first", Countess', 3), (None, 0.5)])
    assert list(csv.reader(io.StringIO(table))) == [
        ["name", "count"], ['Ada "the first", Countess', "3"], ["", "0.5"]
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula(text: str) -> None:
    ((cell,),) = list(csv.reader(io.StringIO(csv_table(("x",), [(text,)]), newline="")))[1:]
    assert cell == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert csv_table(("x",), [(-1,)]) == "x\r\n-1\r\n"
