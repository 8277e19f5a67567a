"""One connected engine: what it said of itself, what it was given, what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from sightline.deliveries.framing import FRAMES_EXTENSION
from sightline.deliveries.rendition import Quality
from sightline.events import engine_link as link
from sightline.events.footage import FindFootage, FootageListed, FootageSpans, ListFootage, SendFootage
from sightline.events.live_video import ShowVideo
from sightline.events.peer import Answer, Offer
from sightline.events.still import Analyse, Analysis, Draw, Drawn, Examined
from sightline.exceptions import Unavailable

__all__ = ["EngineLink"]

Asked = Analysis | Drawn | link.SourceProbed | Answer | FootageListed | FootageSpans
"""What an engine answers when it is asked."""
Request = Analyse | Draw | link.ProbeSource | Offer | ListFootage | FindFootage | SendFootage
MAX_REASON_BYTES = 123
"""Of a close frame (RFC 6455, section 5.5)."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class EngineLink:
    """One connected engine, at `address`.

    `letting_go` are cameras that were taken from it and that it may not yet have let go of; `heard_s` is when its last
    beat came (monotonic), `clock_offset_ms` what must be added to its clock to have the gateway's.
    """

    id: str
    hello: link.Hello
    socket: WebSocket
    connected_at_ms: int
    address: str = ""
    cameras: dict[str, link.CameraSpec] = field(default_factory=dict)
    watched: dict[tuple[str, Quality], link.Watch] = field(default_factory=dict)
    shown: dict[tuple[str, Quality], ShowVideo] = field(default_factory=dict)
    status: link.Status | None = None
    gallery_model: str | None = None
    gallery_version: int = -1
    waiting: dict[str, asyncio.Future[Asked]] = field(default_factory=dict)
    examining: dict[str, asyncio.Queue[Examined]] = field(default_factory=dict)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    sending_gallery: asyncio.Lock = field(default_factory=asyncio.Lock)
    reports: dict[str, link.CameraReport] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    letting_go: set[str] = field(default_factory=set)
    heard_s: float | None = None
    clock_offset_ms: int | None = None
    is_leaving: bool = False
    on_session_ended: dict[str, Callable[[str], None]] = field(default_factory=dict)
    """Who is told when the engine ends a session, by the session's id."""
    told_models: link.UseModels = field(default_factory=link.UseModels)
    has_gallery: bool = False
    """Whether it was sent everybody once: before that it can verify nobody."""

    @property
    def holder(self) -> str:
        """Whose leases its cameras are: another process of this name, with another spool, is another engine."""
        return f"{self.id}/{self.hello.instance}"

    @property
    def says_beats(self) -> bool:
        """Whether its cameras are leased to it; otherwise it has them while it is connected."""
        return bool(self.hello.instance)

    @property
    def models(self) -> list[link.ModelReport]:
        """The models as this engine has them now."""
        return self.status.models if self.status is not None and self.status.models else self.hello.models

    @property
    def expected_load(self) -> float:
        """What it said of itself up to two seconds ago, and what it was asked since."""
        load = self.status.load if self.status else 0.0
        return load + len(self.waiting) / max(1, self.hello.stills)

    async def ask(self, request: Request, timeout_s: float) -> Asked:
        """The answer to a request. Raises `Unavailable` when it does not come."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Asked] = loop.create_future()
        self.waiting[request.request_id] = future
        try:
            async with asyncio.timeout(timeout_s):
                await self.send(request)
                return await future
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            raise Unavailable("the engine did not answer in time; try again") from None
        finally:
            self.waiting.pop(request.request_id, None)

    async def send(self, message: link.GatewayMessage) -> None:
        """One message, whole; many tasks may send."""
        async with self.sending:
            await self.socket.send_bytes(link.encode(message))

    async def end(self, code: int, reason: str) -> None:
        """Closes the connection, which may be dead already, and lets go whoever is writing to it."""
        reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        writer = self.socket.scope.get("extensions", {}).get(FRAMES_EXTENSION)
        try:
            await (self.socket.close(code, reason) if writer is None else writer.close(code, reason))
        except (WebSocketDisconnect, RuntimeError, OSError):
            log.info("engine_was_gone_already", engine=self.id)
