"""What holds for the code as a whole; the direction of imports is import-linter's part (`make lint`)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sightline
from sightline.settings import Settings

PACKAGE = Path(sightline.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
SERVING = ("alembic", "fastapi", "redis", "socketio", "sqlalchemy")
VISION = ("av", "cv2", "numpy", "onnx", "onnxruntime", "simplejpeg")


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def _is_registered(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether it is reached through the `app` or `router` of its module rather than by its name."""
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and isinstance(decorator.func.value, ast.Name)
        and decorator.func.value.id in ("app", "router")
        for decorator in node.decorator_list
    )


def test_gateway_imports_no_vision_code() -> None:
    """Nothing in the gateway's process can hold its event loop with pictures: the code is not even there."""
    program = f"import sightline.gateway.app, sys; print([name for name in {VISION} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("program", ["engine", "remote_engine"])
def test_engine_imports_no_web_framework_and_no_database(program: str) -> None:
    """An engine starts as fast as its models load, and holds no memory for what only a gateway does."""
    imported = f"import sightline.service.{program}, sys; print([name for name in {SERVING} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", imported], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_public_names_are_listed(path: Path) -> None:
    """`__all__` names every function and class that a module offers, and nothing that is not there."""
    tree = ast.parse(path.read_text())
    listed: list[str] = []
    bound: set[str] = set()
    offered: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value) | ast.AnnAssign(
                target=ast.Name(id="__all__"), value=value
            ):
                assert value is not None
                listed = ast.literal_eval(value)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
                if not _is_registered(node):
                    offered.add(name)
            case ast.Assign(targets=targets):
                bound |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {alias.asname or alias.name for alias in names}
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):  # of a module that imports when it is asked
                imports = [part for part in body if isinstance(part, ast.ImportFrom)]
                bound |= {alias.asname or alias.name for part in imports for alias in part.names}
    offered = {name for name in offered if not name.startswith("_")}
    assert sorted(offered - set(listed)) == []
    assert sorted(set(listed) - bound) == []
    assert len(listed) == len(set(listed))


def test_every_setting_is_read_somewhere() -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    read = {
        node.attr
        for path in MODULES
        if path.name != "settings.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert sorted(set(Settings.model_fields) - read) == []
