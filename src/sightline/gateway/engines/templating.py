"""A stored picture of a face, embedded by an engine, behind everything that somebody waits for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sightline.events.still import Analyse, Analysis
from sightline.exceptions import Unavailable
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.identities.similarity import Similarity

__all__ = ["MadeTemplate", "template_of"]

EMBED_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class MadeTemplate:
    """A template, float32 little-endian, and how distances to it read; `None` for this `reason`."""

    vector: bytes | None
    reason: str = ""
    curve: Similarity | None = None


async def template_of(engine: EngineLink, model_id: str, sample: bytes, *, prepared: bool = False) -> MadeTemplate:
    """The template of the largest face of a sample (a JPEG) by the engine's embedder, or by the one that it has
    `prepared`, which is to be `model_id`. Raises `Unavailable` without an answer."""
    request = Analyse(
        request_id=secrets.token_hex(8), image=sample, tasks=("templates",), background=True, prepared=prepared
    )
    answer = await engine.ask(request, EMBED_TIMEOUT_S)
    assert isinstance(answer, Analysis)
    if answer.error_code in ("SYSTEM_FULL", "PROCESSING_ERROR"):
        raise Unavailable(answer.error or "the engine could not embed a sample")
    if answer.error is None and answer.model_id != model_id:
        raise Unavailable("the engine has another embedder by now")
    if not answer.faces:
        return MadeTemplate(None, answer.error or "no face was found in the sample")
    return MadeTemplate(answer.faces[0].vector, curve=Similarity(*answer.curve) if answer.curve else None)
