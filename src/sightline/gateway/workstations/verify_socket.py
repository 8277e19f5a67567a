"""`/ws/verify`: workstations that send pictures of whoever sits there, and are told what to do.

One picture of a workstation is under way and one waits; a newer one takes the place of the one that waits, which is not
answered. Before a picture is looked at: is there room, is this somebody who may sit here and has a reference, are they
blocked, are they paused.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass
from functools import partial

import structlog
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from sightline.decisions.workstation import Action, Evidence, Finding, Reason, Verdict, Watch
from sightline.decisions.workstation_records import NewAction, Sitter, Standing, Workstation
from sightline.deliveries.pushed import image_of
from sightline.deliveries.session import CloseCode
from sightline.deliveries.verification import VerifyFrame, decode_verify_frame, encode_answer
from sightline.events.still import Analysis, DrawnBox, StillTask
from sightline.exceptions import Forbidden, ImageError, SightlineError, WireError
from sightline.gateway.auth import hash_machine_token
from sightline.gateway.dialects.admission import ConnectionLimit, NotNow, address_of, denial
from sightline.gateway.dialects.text_connection import TextConnection
from sightline.gateway.gateway import Gateway
from sightline.gateway.pushed.frame_desk import FrameReplaced
from sightline.gateway.pushed.frames_socket import max_frame_message_bytes
from sightline.gateway.workstations.action_log import Shown
from sightline.gateway.workstations.workstation_desk import Seat
from sightline.identities.subject import Person

__all__ = ["VerifyClient", "boxes_of", "evidence_of", "serve_verify"]

TASKS: tuple[StillTask, ...] = ("identify", "objects", "liveness")
PHONE = "phone"
COME_BACK_S = (5.0, 15.0)
"""When to try again where there was no room: everybody at their own time."""

log = structlog.get_logger(__name__)


async def serve_verify(gateway: Gateway, socket: WebSocket) -> None:
    """One connection; refused with 401 or 503 before the upgrade without a workstation's token (where anonymous clients
    are not served) or without room for another connection."""
    try:
        workstation = await _workstation_of(gateway, socket)
    except Forbidden as problem:
        await socket.send_denial_response(JSONResponse({"detail": str(problem)}, 401))
        return
    client = VerifyClient(gateway, socket, workstation)
    gateway.workstations.join(client)
    try:
        gateway.admission.arrive(gateway.clock.monotonic_s())
        if gateway.is_full():
            raise ConnectionLimit("the server", gateway.settings.max_connections)
        with gateway.admission.place(address_of(socket)):
            gateway.tickers.add(client)
            await socket.accept()
            await client.run()
    except NotNow as problem:
        await socket.send_denial_response(denial(problem))
    finally:
        gateway.tickers.discard(client)
        gateway.workstations.leave(client.seat.client_id)
        gateway.frames.desk.leave(client.seat.client_id)


async def _workstation_of(gateway: Gateway, socket: WebSocket) -> Workstation | None:
    token = gateway.bearer(socket.headers)
    if token is None:
        if not gateway.settings.anonymous_dialects:
            raise Forbidden("a workstation needs its token: `sightline workstations token NAME`")
        return None
    workstation = await gateway.store.workstations.by_token(hash_machine_token(token))
    if workstation is None:
        raise Forbidden("this is the token of no workstation")
    return workstation


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture that waits for its verdict: what came, when (`heard_ms` by the clock), and who should be in it.
    `heard_s` and `left_s`, of the monotonic clock: when it came, and when it was left at the desk."""

    frame: VerifyFrame
    image: bytes
    sitter: Sitter
    heard_ms: int
    heard_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a picture shows; `recognised`: whose face the largest is, of everybody enrolled. `asked_s`, `answered_s`:
    when an engine was asked, and when it had answered."""

    analysis: Analysis
    recognised: Person | None
    asked_s: float
    answered_s: float


class VerifyClient:
    """A connected workstation."""

    def __init__(self, gateway: Gateway, socket: WebSocket, workstation: Workstation | None) -> None:
        now_ms = gateway.clock.now_ms()
        self.seat = Seat(secrets.token_hex(8), workstation, now_ms)
        self._gateway = gateway
        self._connection = TextConnection(gateway, socket, self.seat.client_id)
        self._rates = gateway.rates()
        self._watch: Watch | None = None
        self._told_paused = False
        self._connection.heard_ms, self._heard_s = now_ms, gateway.clock.monotonic_s()
        self._failing: Reason | None = None
        self._closing: tuple[int, str] | None = None
        self._max_message_bytes = max_frame_message_bytes(gateway.settings)

    # ── the desk's side ──

    def end(self, code: int, reason: str) -> None:
        """Closes once what was said is sent."""
        self._connection.end(code, reason)

    def stand(self, standing: Standing) -> None:
        """Tells the workstation at once."""
        changed, self.seat.standing = self.seat.standing is not standing, standing
        if not changed:
            return
        if standing is Standing.BLOCKED:
            self._blocked(None)
        elif standing is Standing.PAUSED:
            self._paused(None)
        else:
            self._told_paused = False

    def make_room(self) -> None:
        """Says why, and closes."""
        self._full(None)

    def tick(self, now_ms: int) -> None:
        """Closes a workstation that sends nothing."""
        if now_ms - self._connection.heard_ms >= self._gateway.settings.workstation_timeout_seconds * 1000:
            self.end(CloseCode.NO_HEARTBEAT, "no picture came in time; retry_after_s=1")

    # ── life ──

    async def run(self) -> None:
        """Receives and sends until either side closes."""
        await self._connection.run(self._handle, self._not_heard)

    async def _not_heard(self, problem: SightlineError | ConnectionLimit) -> None:
        if isinstance(problem, WireError):
            self.end(CloseCode.PROTOCOL_VIOLATION, str(problem))
            return
        # The store is full, overloaded or broken.
        log.warning("client_not_served", client=self.seat.client_id, problem=str(problem))
        self.end(CloseCode.OVERLOADED, "not now; retry_after_s=5")

    async def _handle(self, text: str | None) -> None:
        self._heard_s = self._gateway.clock.monotonic_s()
        if text is None or len(text) > self._max_message_bytes:
            most = self._gateway.settings.max_frame_mib
            raise WireError(f"send JSON text, with a picture of at most {most} MiB")
        frame = decode_verify_frame(text)
        if self._rates.wait_s("process_frame", self._gateway.clock.monotonic_s()):
            self._gateway.metrics.dropped.labels(reason="rate_limited").inc()
            return
        sitter = await self._admitted(frame)
        if sitter is None:
            return
        try:
            image = image_of(frame.image, self._gateway.settings.max_frame_mib * 2**20)
        except ImageError:
            self._fail(Reason.EMPTY, frame)
            return
        now_s = self._gateway.clock.monotonic_s()
        shown = _Shown(frame, image, sitter, self._connection.heard_ms, self._heard_s, now_s)
        answer = self._gateway.frames.desk.put(self.seat.client_id, partial(self._look, image, sitter.person_id))
        answer.add_done_callback(partial(self._answered, shown))

    async def _look(self, image: bytes, person_id: str, engine: str | None) -> _Looked:
        analyst, side = self._gateway.analyst, self._gateway.settings.max_frame_side
        asked_s = self._gateway.clock.monotonic_s()
        analysis = await analyst.look(
            image, tasks=TASKS, max_side=side, background=True, verify=person_id, engine=engine
        )
        answered_s = self._gateway.clock.monotonic_s()
        recognised = await self._gateway.directory.people.find(analysis.faces[0].person_id if analysis.faces else None)
        return _Looked(analysis, recognised, asked_s, answered_s)

    async def _admitted(self, frame: VerifyFrame) -> Sitter | None:
        """Who sits here, when their pictures are to be looked at; else it has been said why not."""
        workstation = self.seat.workstation
        if not self._gateway.workstations.enter(self):
            self._full(frame)
            return None
        sitter = await self._gateway.store.workstations.sitter(workstation.id if workstation else None, frame.user_name)
        if sitter is None or not sitter.has_reference:
            self._sits(sitter)
            reason = "this user is not known, not allowed here, or has no reference picture"
            self._refuse(Reason.CLIENT_NOT_AVAILABLE, CloseCode.BAD_TOKEN, reason, frame)
            return None
        self._sits(sitter)
        if sitter.standing is Standing.BLOCKED:
            self._blocked(frame)
        elif sitter.standing is Standing.PAUSED:
            self._paused(frame)
        else:
            self._told_paused = False
            return sitter
        return None

    def _sits(self, sitter: Sitter | None) -> None:
        """Somebody else than before begins anew."""
        seat, person_id = self.seat, sitter.person_id if sitter else None
        if seat.person_id != person_id or self._watch is None:
            self._watch = Watch(self._gateway.workstations.rules, self._connection.heard_ms)
            seat.verdict = seat.verdict_at_ms = seat.latency_ms = None
            self._told_paused, self._failing = False, None
        seat.person_id = person_id
        seat.user_name = sitter.name if sitter else ""
        seat.standing = sitter.standing if sitter else Standing.ACTIVE

    # ── answers ──

    def _answered(self, shown: _Shown, answer: asyncio.Future[_Looked]) -> None:
        if answer.cancelled():  # the server stops
            return
        problem = answer.exception()
        current = not self._connection.is_closing and self.seat.person_id == shown.sitter.person_id
        if isinstance(problem, FrameReplaced) or not current or self.seat.standing is not Standing.ACTIVE:
            return
        if problem is not None:
            if not isinstance(problem, SightlineError):
                log.error("frame_failed", client=self.seat.client_id, exc_info=problem)
            # What is no picture cannot be shown, and without an engine nobody could make it ready to be.
            kept = None if isinstance(problem, ImageError) or not self._gateway.engines.links else shown
            self._fail(Reason.EMPTY, shown.frame, kept)
            return
        looked = answer.result()
        if looked.analysis.faces and looked.analysis.verified is None:  # the engine has no template of this user
            self._fail(Reason.CLIENT_NOT_AVAILABLE, shown.frame, shown)
            return
        self._failing = None
        self._judge(shown, looked)

    def _judge(self, shown: _Shown, looked: _Looked) -> None:
        assert self._watch is not None  # somebody was admitted
        evidence, seat, sitter = evidence_of(looked.analysis), self.seat, shown.sitter
        verdict = self._watch.judge(evidence, shown.heard_ms)
        is_sitter = evidence.similarity is not None and evidence.similarity >= self._watch.rules.similarity
        recognised = None if is_sitter else looked.recognised
        actual = sitter.name if is_sitter else recognised.name if recognised else ""
        now_ms = self._gateway.clock.now_ms()
        seat.verdict, seat.verdict_at_ms, seat.latency_ms = verdict, now_ms, now_ms - shown.heard_ms
        self._say(verdict.action, verdict.reason, shown.frame, actual=actual)
        self._time(shown, looked)
        if verdict.action is not Action.NONE:
            evidence_frame = Shown(shown.image, boxes_of(looked.analysis, verdict))
            other = recognised.id if recognised and recognised.id != sitter.person_id else None
            self._note(verdict.action, verdict.reason, evidence, other, evidence_frame)

    def _time(self, shown: _Shown, looked: _Looked) -> None:
        """`admit`: reading the message and finding its user; `queue`: waiting for a place; `link`: to the engine and
        back, its own queue included; the engine's stages; `answer`: judging."""
        now_s, analysis = self._gateway.clock.monotonic_s(), looked.analysis
        spent_ms = analysis.processing_ms
        stages = {
            "admit": shown.left_s - shown.heard_s,
            "queue": looked.asked_s - shown.left_s,
            "link": looked.answered_s - looked.asked_s - spent_ms / 1000,
            **{stage: stage_ms / 1000 for stage, stage_ms in analysis.stage_ms.items()},
            "engine_other": (spent_ms - sum(analysis.stage_ms.values())) / 1000,
            "answer": now_s - looked.answered_s,
            "total": now_s - shown.heard_s,
        }
        for stage, spent_s in stages.items():
            self._gateway.metrics.verdict_seconds.labels(stage=stage).observe(max(0.0, spent_s))

    def _fail(self, reason: Reason, frame: VerifyFrame, shown: _Shown | None = None) -> None:
        """Said for every picture, and noted once for as long as nothing else comes of any."""
        self._say(Action.ERROR, reason, frame)
        if self._failing is not reason:
            self._failing = reason
            self._note(Action.ERROR, reason, shown=Shown(shown.image, ()) if shown is not None else None)

    def _refuse(self, why: Reason, code: CloseCode, words: str, frame: VerifyFrame | None) -> None:
        if not self._connection.is_closing:
            self._say(Action.ERROR, why, frame)
            self._note(Action.ERROR, why)
            self.end(code, words)

    def _full(self, frame: VerifyFrame | None) -> None:
        wait_s = random.uniform(*COME_BACK_S)
        words = f"there is no room for this workstation now; retry_after_s={wait_s:.1f}"
        self._refuse(Reason.SYSTEM_FULL, CloseCode.OVERLOADED, words, frame)

    def _blocked(self, frame: VerifyFrame | None) -> None:
        self._refuse(Reason.BLOCKED_CLIENT, CloseCode.REVOKED, "this user is blocked", frame)

    def _paused(self, frame: VerifyFrame | None) -> None:
        """Said for every picture, and noted once."""
        self._say(Action.WARNING, Reason.PAUSED_CLIENT, frame)
        if not self._told_paused:
            self._told_paused = True
            self._note(Action.WARNING, Reason.PAUSED_CLIENT)

    def _note(
        self,
        action: Action,
        reason: Reason,
        evidence: Evidence | None = None,
        recognised_id: str | None = None,
        shown: Shown | None = None,
    ) -> None:
        rules = self._gateway.workstations.rules
        scores = {"phone": evidence.phone, "live": evidence.live, "similarity": evidence.similarity} if evidence else {}
        thresholds = {"phone": rules.phone, "live": rules.live, "similarity": rules.similarity} if evidence else {}
        entry = NewAction(
            at_ms=self._gateway.clock.now_ms(),
            workstation=self.seat.name,
            action=action,
            reason=reason,
            person_id=self.seat.person_id,
            recognised_id=recognised_id,
            scores=scores,
            thresholds=thresholds,
        )
        self._gateway.action_log.note(entry, shown)

    def _say(self, action: Action, reason: Reason, frame: VerifyFrame | None, *, actual: str = "") -> None:
        sent = frame.send_time if frame is not None else None
        now_ms = self._gateway.clock.now_ms()
        self._connection.say(encode_answer(action, reason, actual=actual, send_time=sent, finish_ms=now_ms))


def evidence_of(analysis: Analysis) -> Evidence:
    """What the models say of a picture; its largest face is the first."""
    phones = [found.confidence for found in analysis.objects if found.label == PHONE]
    return Evidence(
        phone=max(phones, default=0.0),
        has_face=bool(analysis.faces),
        live=analysis.faces[0].live if analysis.faces else None,
        similarity=analysis.verified,
    )


def boxes_of(analysis: Analysis, verdict: Verdict) -> tuple[DrawnBox, ...]:
    """What to draw into the evidence: the phones, or else the face."""
    if verdict.shown is Finding.PHONE:
        found = [(one.bbox, one.confidence) for one in analysis.objects if one.label == PHONE]
    else:
        found = [(face.bbox, face.confidence) for face in analysis.faces[:1]]
    return tuple(DrawnBox(bbox=box, words=f"{verdict.shown} {score:.2f}") for box, score in found)
