"""The reference pages that come from the code are those that the code gives."""

from __future__ import annotations

import pytest

from scripts import reference


@pytest.mark.parametrize("name", reference.pages())
def test_the_page_is_current(name: str) -> None:
    assert (reference.FOLDER / name).read_text(encoding="utf-8") == reference.pages()[name], "run: make docs"
