"""Which models the engines use, and how another embedder takes over without an hour in which nobody is recognised.

    chosen ≠ serving → every engine prepares the chosen one beside the serving one
                     → each enrolled sample and each rejected face is embedded by it, a few at a time, behind everything
                     → none is left: the chosen one serves, and engines fetch its gallery before they switch
    chosen = serving → sightings of before are embedded by it, the newest first

Every template is stored as it is made, so a crash costs the few that were under way. Samples that are enrolled
meanwhile are embedded as well. Nothing here runs a model: engines do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from sightline.clock import Clock
from sightline.events.engine_link import UseModels
from sightline.exceptions import ConfigurationError, SightlineError
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engines import Engines
from sightline.gateway.engines.templating import MadeTemplate, template_of
from sightline.gateway.past.past_templates import PastTemplates
from sightline.gateway.ports import Store
from sightline.identities.templates import TemplateProgress
from sightline.settings import Settings

__all__ = ["CHOICES", "Embedding", "ModelDesk", "in_words"]

CHOICES = ("face_model", "embedding_model", "object_model", "liveness_model")
"""The settings that an administrator may overrule while the server runs."""

BATCH = 4
LOOK_INTERVAL_S = 1.0
CLAIM_S = 60.0
TELL_EVERY_SHARE = 0.1
_LONGEST_CHOICE = 500
NOTHING_LEFT = MadeTemplate(None, "nothing is left of the face that was rejected")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Embedding:
    """How far the change of the embedder is. `chosen` is what was asked for, `serving` what recognises now; `problem`
    says in words what it waits for. `progress` is of enrolled samples, `negatives` of rejected faces, `past` of
    sightings once it serves.
    """

    chosen: str
    serving: str
    progress: TemplateProgress | None = None
    problem: str = ""
    negatives: TemplateProgress | None = None
    past: TemplateProgress | None = None

    @property
    def changing(self) -> bool:
        """Whether one takes the place of the other."""
        return self.chosen != self.serving


class ModelDesk:
    """`run` for as long as the gateway is served."""

    def __init__(
        self, store: Store, engines: Engines, settings: Settings, clock: Clock,
        claim: Callable[[str, float], Awaitable[bool]], past_changed: Callable[[], None],
    ) -> None:  # fmt: skip
        """`claim`: whether this gateway is the one to do what one does for all; `past_changed` is called when templates
        of sightings did."""
        self._claim = claim
        self._store = store
        self._engines = engines
        self._settings = settings
        self._clock = clock
        self._past = PastTemplates(store.sightings, clock, past_changed)
        self._poked = asyncio.Event()
        self._problem = ""
        self._told_share = -1.0
        self._begins_with = settings.embedding_model

    async def begin(self) -> str:
        """The embedder that engines are to begin with: the one that serves, whatever the settings say."""
        self._begins_with = (await self._embedders())[1]
        return self._begins_with

    async def chosen(self) -> dict[str, str]:
        """The model of each task, as an administrator or else the settings have it."""
        return self._from_settings() | await self._store.models.choices()

    async def choose(self, changes: Mapping[str, str | None]) -> None:
        """Overrules settings; `None` goes back to them. Raises `ConfigurationError` for what cannot be a choice."""
        for name, choice in changes.items():
            if name not in CHOICES:
                raise ConfigurationError(f"{name} is no model that can be chosen", key=name)
            if choice is not None and (not choice.strip() or len(choice) > _LONGEST_CHOICE):
                raise ConfigurationError(f"{name} must name a model, or none", key=name)
        if changes.get("embedding_model") == "none":
            raise ConfigurationError("without an embedder nobody is recognised: choose one", key="embedding_model")
        await self._store.models.choose(changes)
        self._problem = ""
        self._poked.set()

    async def embedding(self) -> Embedding:
        """How far the change of the embedder is."""
        chosen, serving = await self._embedders()
        target = self._target(chosen, serving)
        problem = self._problem if chosen != serving else ""
        if target is None:
            return Embedding(chosen, serving, problem=problem)
        model_id = target[1]
        progress = await self._store.models.progress(model_id)
        negatives = await self._store.negatives.progress(model_id)
        past = await self._store.sightings.progress(model_id) if chosen == serving else None
        return Embedding(chosen, serving, progress, problem, negatives, past)

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                busy = await self._step()
            except SightlineError as problem:  # an engine is gone, the store is full: it is tried again
                log.warning("models_not_changed", problem=str(problem))
                busy = False
            if busy:
                continue
            self._poked.clear()
            try:
                async with asyncio.timeout(LOOK_INTERVAL_S):
                    await self._poked.wait()
            except TimeoutError:
                continue

    async def _step(self) -> bool:
        """One round; whether there is more to do at once."""
        choices = await self._store.models.choices()
        chosen, serving = await self._embedders()
        await self._engines.use_models(self._wish(choices, chosen, serving))
        target = self._target(chosen, serving)
        if target is None:
            return False
        engine, model_id = target
        if not await self._claim("templates", CLAIM_S):
            return False
        if await self._embed_some(engine, model_id, prepared=chosen != serving):
            self._engines.gallery_changed()
            await self._tell(chosen, serving, model_id)
            return True
        if chosen != serving:
            await self._store.models.serve(chosen)
            await self._store.audit.record(
                actor="system", action="embedder_changed", subject=chosen, detail=f"after {serving}",
                now_ms=self._clock.now_ms(),
            )  # fmt: skip
            log.info("embedder_changed", before=serving, after=chosen)
            self._told_share = -1.0
            return True
        # Where engines disagree about whose templates they make, none of theirs is worth what it replaces.
        agreed = {one.status.model_id for one in self._engines.links if one.status is not None} == {model_id}
        return agreed and await self._past.step(engine, model_id)

    async def _embedders(self) -> tuple[str, str]:
        """The chosen embedder and the one that serves. A gallery of nobody is complete for every embedder."""
        choices = await self._store.models.choices()
        chosen = choices.get("embedding_model") or self._settings.embedding_model
        serving = await self._store.models.serving()
        if serving is None:
            nobody = (await self._store.models.progress("")).samples == 0
            serving = chosen if nobody else str(Settings.model_fields["embedding_model"].default)
            await self._store.models.serve(serving)
        return chosen, serving

    def _wish(self, choices: Mapping[str, str], chosen: str, serving: str) -> UseModels:
        return UseModels(
            face_model=choices.get("face_model", ""),
            object_model=choices.get("object_model", ""),
            liveness_model=choices.get("liveness_model", ""),
            embedding_model="" if serving == self._begins_with else serving,
            prepare="" if chosen == serving else chosen,
        )

    def _target(self, chosen: str, serving: str) -> tuple[EngineLink, str] | None:
        """An engine with the embedder that samples are to be embedded by, and that embedder's model id."""
        for engine in self._engines.links:
            status = engine.status
            if status is None:
                continue
            if chosen == serving:
                if status.embedding_model == serving and status.model_id:
                    return engine, status.model_id
            elif status.prepared is not None and status.prepared.embedding_model == chosen:
                self._problem = status.prepared.problem
                if status.prepared.model_id:
                    return engine, status.prepared.model_id
        return None

    async def _embed_some(self, engine: EngineLink, model_id: str, *, prepared: bool) -> bool:
        """Templates of a few samples and rejected faces, or notes why there are none; whether there were any to make.
        Raises `Unavailable` without an answer."""
        samples = await self._store.models.untemplated(model_id, limit=BATCH)
        for sample in samples:
            made = await template_of(engine, model_id, sample.sample, prepared=prepared)
            await self._store.models.keep_template(sample.reference_id, model_id, made.vector, reason=made.reason)
            if made.vector is None:
                log.warning("sample_not_embedded", reference=sample.reference_id, model=model_id, reason=made.reason)
        negatives = await self._store.negatives.untemplated(model_id, limit=BATCH) if not samples else ()
        for negative in negatives:
            made = NOTHING_LEFT
            if negative.sample is not None:
                made = await template_of(engine, model_id, negative.sample, prepared=prepared)
            await self._store.negatives.keep_template(
                negative.negative_id, model_id, made.vector, reason=made.reason
            )
            if made.vector is None:
                log.warning(
                    "rejection_not_embedded", negative=negative.negative_id, model=model_id, reason=made.reason
                )
        return bool(samples or negatives)

    async def _tell(self, chosen: str, serving: str, model_id: str) -> None:
        """Everybody who looks at the system hears of every tenth that is done."""
        if chosen == serving:
            return
        progress = await self._store.models.progress(model_id)
        share = (progress.done + progress.failed) / max(1, progress.samples)
        if share - self._told_share >= TELL_EVERY_SHARE or not progress.missing:
            self._told_share = share
            log.info("samples_embedded", by=chosen, done=progress.done, failed=progress.failed, of=progress.samples)
            self._engines.news.say_warnings([in_words(Embedding(chosen, serving, progress))])

    def _from_settings(self) -> dict[str, str]:
        settings: dict[str, Any] = {name: getattr(self._settings, name) for name in CHOICES}
        return settings | {"liveness_model": ",".join(self._settings.liveness_model)}


def in_words(embedding: Embedding) -> str:
    """The change of the embedder in a sentence."""
    progress = embedding.progress
    far = f": {progress.done + progress.failed} of {progress.samples} samples" if progress else ""
    return f"{embedding.chosen} takes the place of {embedding.serving}, which serves until then{far}"
