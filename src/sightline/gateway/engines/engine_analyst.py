"""Still pictures and sources are looked at by a connected engine: the gateway's `Analyst` while one is supervised."""

from __future__ import annotations

import secrets
from typing import Protocol, TypeVar

import msgspec

from sightline.events.engine_link import ProbeSource, SourceProbed, decode_engine_message, encode
from sightline.events.footage import FootageListed, FootageSpans
from sightline.events.peer import Answer as VideoAnswer
from sightline.events.scene import Polygon
from sightline.events.still import Analyse, Analysis, Draw, Drawn, DrawnBox, StillTask
from sightline.exceptions import ImageError, Unavailable
from sightline.gateway.engines.engines import Engines

__all__ = ["PATIENCE_S", "EngineAnalyst", "EnginesElsewhere", "checked"]

Answer = TypeVar("Answer", Analysis, Drawn)

PATIENCE_S = 10.0
"""An engine that is starting, or starting again, takes seconds: whoever asks meanwhile is not sent away."""
ANALYSE_TIMEOUT_S = 30.0
PROBE_TIMEOUT_S = 20.0


class EnginesElsewhere(Protocol):
    """Engines of another gateway of this server."""

    async def ask(self, request: bytes, timeout_s: float) -> bytes:
        """The answer of one of them; both as on the link to engines. Raises `Unavailable`."""


class EngineAnalyst:
    """Asks the least loaded engine, or the one that is named; where this gateway has none, one of those `elsewhere`."""

    def __init__(self, engines: Engines, elsewhere: EnginesElsewhere | None = None) -> None:
        self._engines = engines
        self._elsewhere = elsewhere

    async def analyse(self, image: bytes, *, identify: bool) -> Analysis:
        """Raises `Unavailable`, `ImageError`."""
        return await self.look(image, tasks=("identify",) if identify else ("templates",))

    async def look(
        self,
        image: bytes,
        *,
        tasks: tuple[StillTask, ...],
        confidence_threshold: float | None = None,
        max_side: int | None = None,
        background: bool = False,
        verify: str | None = None,
        engine: str | None = None,
    ) -> Analysis:
        """Raises `Unavailable`, `ImageError`."""
        request = Analyse(
            request_id=secrets.token_hex(8),
            image=image,
            tasks=tasks,
            confidence_threshold=confidence_threshold,
            max_side=max_side,
            background=background,
            verify=verify,
        )
        answer = await self._ask(request, ANALYSE_TIMEOUT_S, engine)
        assert isinstance(answer, Analysis)
        return checked(answer)

    async def probe_source(
        self, source: str, masks: tuple[Polygon, ...] = (), *, rotation: int = 0, blur_faces: bool = False
    ) -> SourceProbed:
        """Raises `Unavailable`."""
        request = ProbeSource(
            request_id=secrets.token_hex(8), source=source, masks=masks, rotation=rotation, blur_faces=blur_faces
        )
        answer = await self._ask(request, PROBE_TIMEOUT_S)
        assert isinstance(answer, SourceProbed)
        return answer

    async def draw(self, image: bytes, boxes: list[DrawnBox]) -> bytes:
        """Raises `Unavailable`, `ImageError`."""
        answer = await self._ask(Draw(request_id=secrets.token_hex(8), image=image, boxes=boxes), ANALYSE_TIMEOUT_S)
        assert isinstance(answer, Drawn)
        return checked(answer).picture

    async def _ask(
        self, request: Analyse | Draw | ProbeSource, timeout_s: float, engine_id: str | None = None
    ) -> Analysis | Drawn | SourceProbed:
        engine = self._engines.find(engine_id) if engine_id is not None else None
        if engine is None and engine_id is not None:
            raise Unavailable("the engine went away before it was asked; try again in a moment")
        if self._elsewhere is not None and not self._engines.links:
            return await _asked_of(self._elsewhere, request, timeout_s)
        answer = await (engine or await self._engines.least_loaded(PATIENCE_S)).ask(request, timeout_s)
        assert not isinstance(answer, VideoAnswer | FootageListed | FootageSpans)
        return answer


async def _asked_of(
    elsewhere: EnginesElsewhere, request: Analyse | Draw | ProbeSource, timeout_s: float
) -> Analysis | Drawn | SourceProbed:
    try:
        answer = decode_engine_message(await elsewhere.ask(encode(request), timeout_s))
    except msgspec.DecodeError:
        raise Unavailable("the engine's answer cannot be read; try again in a moment") from None
    assert isinstance(answer, Analysis | Drawn | SourceProbed)
    return answer


def checked(answer: Answer) -> Answer:
    """The answer, when it is one. Raises `ImageError`, `Unavailable` for what it says went wrong."""
    if answer.error is None:
        return answer
    if answer.error_code in ("INVALID_IMAGE", "FRAME_TOO_LARGE"):
        raise ImageError(answer.error, code=answer.error_code)
    raise Unavailable(answer.error)
