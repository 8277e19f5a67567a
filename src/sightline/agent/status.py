"""What the agent shows of itself: a page for whoever sits at the workstation, on this machine only, to read only."""

from __future__ import annotations

import asyncio
import enum
import html
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sightline.agent.line import Answer
from sightline.decisions.workstation import Action, Reason

__all__ = ["State", "Status", "serve_status", "status_app"]

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class State(enum.StrEnum):
    """How the agent is."""

    STARTING = "starting"
    WATCHING = "watching"
    LOCKED = "locked"
    NO_CAMERA = "no camera"
    OFFLINE = "offline"
    STOPPED = "stopped"


_WORDS = {
    State.STARTING: "Starting",
    State.WATCHING: "Pictures of this webcam are looked at",
    State.LOCKED: "The screen is locked: no picture is taken",
    State.NO_CAMERA: "There is no picture from the camera",
    State.OFFLINE: "The server cannot be reached",
    State.STOPPED: "Stopped by the server",
}


_SEEN = {
    Reason.PHONE_DETECTION: "a phone",
    Reason.NO_FACE: "nobody there",
    Reason.SPOOF_IMAGE: "a picture of a face",
    Reason.WRONG_USER: "somebody else",
    Reason.CLIENT_NOT_AVAILABLE: "not known here, or not enrolled",
    Reason.BLOCKED_CLIENT: "blocked",
    Reason.PAUSED_CLIENT: "paused",
    Reason.SYSTEM_FULL: "no room at the server",
}


@dataclass(slots=True)
class Status:
    """The agent as it is now. `picture` is the one sent last, kept only where it may be shown."""

    server: str
    user: str
    state: State = State.STARTING
    answer: Answer | None = None
    answered_ms: int | None = None
    latency_ms: int | None = None
    error: str = ""
    error_ms: int | None = None
    done: str = ""
    done_ms: int | None = None
    picture: bytes | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything but the picture; times in milliseconds since the epoch."""
        answer = self.answer
        return {
            "state": self.state.value,
            "server": self.server,
            "user": self.user,
            "action": answer.action.value if answer else None,
            "reason": answer.reason.value if answer else None,
            "answered_at": self.answered_ms,
            "latency_ms": self.latency_ms,
            "error": self.error,
            "error_at": self.error_ms,
            "done": self.done,
            "done_at": self.done_ms,
        }


def status_app(status: Status, *, with_picture: bool) -> Starlette:
    """The page, `/status.json`, and `/picture.jpg` where it may be shown. Whoever asks by another name than this
    machine's own is refused: a page of somebody else's could otherwise read it (DNS rebinding)."""

    async def page(request: Request) -> Response:
        return HTMLResponse(_page(status, with_picture=with_picture), headers=HEADERS)

    async def as_json(request: Request) -> Response:
        return JSONResponse(status.as_json(), headers=HEADERS)

    async def picture(request: Request) -> Response:
        if status.picture is None:
            return Response(status_code=404, headers=HEADERS)
        return Response(status.picture, media_type="image/jpeg", headers=HEADERS)

    async def script(request: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript", headers=HEADERS)

    routes = [Route("/", page), Route("/page.js", script), Route("/status.json", as_json)]
    if with_picture:
        routes.append(Route("/picture.jpg", picture))
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)
    return Starlette(routes=routes, middleware=[hosts])


class _Server(uvicorn.Server):
    """uvicorn, which leaves signals to the program."""

    capture_signals = nullcontext  # type: ignore[assignment]


@asynccontextmanager
async def serve_status(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serves the page at a socket that listens on this machine's loopback interface."""
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def _page(status: Status, *, with_picture: bool) -> str:
    answer = status.answer
    facts = [
        ("User", status.user),
        ("Server", status.server),
        ("Last verdict", _verdict(answer) if answer else "none yet"),
        ("At", _time(status.answered_ms)),
        ("Latency", "–" if status.latency_ms is None else f"{status.latency_ms} ms"),
        ("Last done", f"{status.done}, {_time(status.done_ms)}" if status.done else "nothing"),
        ("Last error", f"{status.error}, {_time(status.error_ms)}" if status.error else "none"),
    ]
    rows = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts)
    shown = '<p><a href="/picture.jpg">The picture that was sent last</a></p>' if with_picture else ""
    return _PAGE.format(words=html.escape(_WORDS[status.state]), rows=rows, shown=shown)


def _verdict(answer: Answer) -> str:
    words = "the picture could not be looked at" if answer.action is Action.ERROR else "the right person"
    return f"{_SEEN.get(answer.reason, words)} ({answer.action.value})"


def _time(at_ms: int | None) -> str:
    return "–" if at_ms is None else datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


# Only the words are replaced, so that nobody loses their place.
_SCRIPT = """\
setInterval(async () => {
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
  const words = (where) => where.querySelectorAll('h1, dd');
  words(page).forEach((word, at) => { words(document)[at].textContent = word.textContent; });
}, 2000);
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sightline agent</title>
<script src="/page.js" defer></script>
<style>
:root {{ color-scheme: light dark; --soft: light-dark(#42505c, #aab7c4); --line: light-dark(#d5dce1, #26313b) }}
body {{ max-width: 38rem; margin: 3rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif;
  background: light-dark(#fff, #10161d); color: light-dark(#101921, #e7edf3) }}
h1 {{ font-size: 1.35rem; letter-spacing: -.015em }}
dl {{ margin: 1.5rem 0; border-top: 1px solid var(--line) }}
dl div {{ display: grid; grid-template-columns: 8rem 1fr; padding: .5rem 0; border-bottom: 1px solid var(--line) }}
dt {{ color: var(--soft) }}
dd {{ margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }}
a {{ color: light-dark(#08695e, #4fd1c0) }}
</style>
<main>
<h1>{words}</h1>
<dl>{rows}</dl>
{shown}
</main>
</html>
"""
