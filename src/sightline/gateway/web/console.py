"""Serves the console: static files, and `index.html` for every page address that the console routes itself."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["Console", "console_folder"]

SERVER_PATHS = ("api/", "ws", "whip/", "whep/", "socket.io/", "health", "metrics")
NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Sightline</title>
<body style="font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto">
<h1>The console is not built</h1><p>The server runs, and its API answers. To build the console, run
<code>make console</code> in the project's folder and load this page again.</p>"""


def console_folder() -> Path:
    """Where the build puts the console inside the package."""
    return Path(__file__).resolve().parents[2] / "console"


class Console(StaticFiles):
    """Static files with history fallback. Files with a hash in their name may be kept for ever, the rest not."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self.config_checked = True  # a folder that is not there is answered in words, not with a fault
        self._folder = folder

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not (self._folder / "index.html").exists():
            return HTMLResponse(NOT_BUILT, 503)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as problem:
            server_side = path == "." or path.startswith(SERVER_PATHS) or "." in path.rsplit("/", 1)[-1]
            if problem.status_code != 404 or server_side:
                raise
            response = await super().get_response("index.html", scope)
        if isinstance(response, FileResponse) and response.status_code == 200:
            response = self._compressed(response, scope)
        hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response

    def _compressed(self, plain: FileResponse, scope: Scope) -> Response:
        """The copy that the build compressed, for browsers that take it: nothing is compressed while others wait."""
        copy = f"{plain.path}.gz"
        if "gzip" not in Headers(scope=scope).get("accept-encoding", "") or not os.path.exists(copy):
            return plain
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return FileResponse(copy, media_type=plain.media_type, headers=headers)
