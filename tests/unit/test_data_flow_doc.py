"""`docs/explanation/data-flow.md` names the tests that keep old faults from coming back: they must exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/explanation/data-flow.md").read_text(encoding="utf-8")
HOLDER = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
HOLDERS = sorted(set(HOLDER.findall(PAGE)))


def _rows() -> list[list[str]]:
    """The rows of the page's last table: fault, why it cannot happen, what holds it."""
    table = PAGE[PAGE.index("| fault | cannot happen because | held by |") :].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table if line.startswith("|")]


def _defined(tree: ast.Module) -> set[str]:
    """Test functions as pytest names them: `name`, or `Class::name`."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, functions)} | {
        f"{holder.name}::{node.name}"
        for holder in tree.body
        if isinstance(holder, ast.ClassDef)
        for node in holder.body
        if isinstance(node, functions)
    }


@pytest.mark.parametrize(("path", "name"), HOLDERS, ids=["::".join(holder) for holder in HOLDERS])
def test_named_test_exists(path: str, name: str) -> None:
    source = REPOSITORY / path
    assert source.is_file(), f"data-flow.md names {path}, which is not there"
    assert name in _defined(ast.parse(source.read_text(encoding="utf-8"))), f"{path} has no test {name}"


def test_every_fault_is_held_by_a_test() -> None:
    rows = _rows()
    assert len(rows) >= 5
    assert [row[0] for row in rows if len(row) != 3 or not HOLDER.search(row[2])] == []
