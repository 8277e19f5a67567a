"""Puts the program together: the one package that imports everything.

`serve` is a gateway that supervises one engine as a child process; `engine` is that child; `search` is another, which
has every sighting in its memory; `offline_api` is the same gateway inside a command that runs while no server does,
with the models of that very process; `demo.demo` is `serve` on a home of its own, with somebody enrolled and a camera
that draws them.

Names are imported when they are asked for: a child process must not wait for a web framework that it does not use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.service.banner import Started
    from sightline.service.lock import RunningServer, running_server
    from sightline.service.offline import offline_api
    from sightline.service.server import serve

__all__ = ["RunningServer", "Started", "offline_api", "running_server", "serve"]

_MODULES = {
    "RunningServer": "lock",
    "Started": "banner",
    "offline_api": "offline",
    "running_server": "lock",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
