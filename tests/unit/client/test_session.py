"""Every state × every input: a session against a world that does whatever it likes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sightline.client import effects
from sightline.client.events import AlertAccepted, AlertTriggered, ConnectionChanged, ConnectionState, Event, Recorded
from sightline.client.session import Session, SessionOptions
from sightline.client.streams import REQUEST_WAIT_MS
from sightline.deliveries.entry import Cursor
from sightline.events.alert import Verdict
from sightline.exceptions import Unavailable

ids = st.sampled_from(["a", "b", "c", "d"])
small = st.integers(0, 12)
epochs = st.sampled_from(["e1", "e2"])
codes = st.sampled_from([1000, 1001, 1006, 1009, 1011, *range(4000, 4006), *range(4500, 4506)])
reasons = st.sampled_from(["", "retry_after_s=0", "retry_after_s=90", "no"])
data = st.fixed_dictionaries(
    {},
    optional={
        "alert_id": ids, "offset": small, "epoch": epochs, "mode": st.sampled_from(["live", "resumed", "gap", "?"]),
        "from": small, "to": small, "state": st.just("open"),
        "alerts": st.lists(st.fixed_dictionaries({"alert_id": ids})),
        "code": st.sampled_from(["FORBIDDEN", "PROCESSING_ERROR"]), "message": st.just("no"), "camera_id": ids,
        "frame_id": small, "expires_at": st.integers(), "server_time": st.integers() | st.text(max_size=3),
        "heartbeat_interval": st.integers(-1, 10**7) | st.floats(allow_nan=False, allow_infinity=False),
        "cameras": st.lists(st.fixed_dictionaries({"camera_id": ids})), "engine_id": ids, "status": st.just("online"),
        "quality": st.just("sd"), "new_quality": st.just("hd"), "error": st.just("no"), "request_id": ids,
        "on": st.booleans(), "at": small, "detections": st.just([]), "person_id": ids, "rtsp_url": st.just("rtsp://h"),
    },
)  # fmt: skip
types = st.sampled_from(
    [
        "connection_established", "identification_success", "heartbeat", "heartbeat_ack", "alert_triggered",
        "alert_updated", "alert_snapshot", "position", "caught_up", "recorded", "refreshed", "bulk_status_update",
        "camera_online", "ai_engine_status", "face_detection_result", "error", "of_next_year",
        "duty_status", "stream_start_success", "stream_start_error", "stream_stop_success", "quality_change_success",
        "ai_detection_result", "person_erased", "system_status_update", "alert_accepted", "start_stream_processing",
        "change_stream_quality", "stop_stream_processing",
    ]
)  # fmt: skip


class World(RuleBasedStateMachine):
    """Plays driver, server, application and clock, and remembers what the session must not forget."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_000_000
        self.options = SessionOptions("d", lambda: 0.25, max_reconnect_attempts=40)
        self.session = Session(self.options)
        self.socket: str | None = None
        self.identified = False
        self.started = False
        self.halted = False
        self.marks: list[Cursor] = []
        self.last_to = -1
        self.told = -1
        self.done: dict[str, int] = {}
        self.shown: set[str] = set()
        self.entries: list[Event] = []
        self.unanswered: set[str] = set()
        self.acks_sent: list[str] = []
        self.asked: dict[str, int] = {}
        self.requests_sent: list[tuple[str, str]] = []
        self.unaccepted: set[str] = set()
        self.saved = self.session.kept

    # ── inputs ──

    @rule()
    def connect(self) -> None:
        self.started, self.halted = True, False
        self.carry_out(self.session.connect(self.now_ms))

    @rule(killed=st.booleans())
    def ends(self, killed: bool) -> None:
        self.started = self.halted = False
        if not killed:
            self.carry_out(self.session.disconnect())
            return
        self.session = Session(self.options, self.saved)
        self.socket = None
        self.asked.clear()
        self.marks.clear()
        self.shown.clear()
        self.entries.clear()

    @rule(epoch=epochs, mode=st.sampled_from(["live", "resumed", "resumed", "gap"]), offset=st.just(10**6) | small)
    def signs_in(self, epoch: str, mode: str, offset: int) -> None:
        if not self.started:
            self.connect()
        if self.socket is None:
            self.timer_rings()
        self.opened()
        if self.is_in(ConnectionState.CONNECTED):
            self.carry_out(self.session.token("good", self.now_ms))
            self.hears("identification_success", {"epoch": epoch, "mode": mode, "offset": offset}, None)

    @rule()
    def opened(self) -> None:
        if self.socket == "opening":
            self.socket = "open"
        self.carry_out(self.session.opened(self.now_ms))

    @rule(answered=st.booleans(), retry_ms=st.none() | st.integers(0, 90_000))
    def failed(self, answered: bool, retry_ms: int | None) -> None:
        if self.socket == "opening":
            self.socket = None
        self.carry_out(self.session.failed("no", self.now_ms, answered=answered, retry_ms=retry_ms))

    @rule(token=ids | st.none(), signed_out=st.booleans())
    def provider_answers(self, token: str | None, signed_out: bool) -> None:
        if token is not None:
            self.carry_out(self.session.token(token, self.now_ms))
        elif signed_out:
            self.carry_out(self.session.signed_out("nobody is signed in", self.now_ms))
        else:
            self.carry_out(self.session.token_unavailable("no network", self.now_ms))

    @rule(code=codes, reason=reasons)
    def closed(self, code: int, reason: str) -> None:
        if self.socket == "open":
            self.socket = None
            self.carry_out(self.session.closed(code, reason, self.now_ms))

    @rule(kind=types, data=data, id=st.none() | ids)
    def says(self, kind: str, data: dict[str, Any], id: str | None) -> None:
        if kind == "position" and self.is_in(ConnectionState.AUTHENTICATED) and {"from", "to"} <= data.keys():
            self.last_to = max(self.last_to, data["to"])
        self.hears(kind, data, id)

    @precondition(lambda self: self.is_in(ConnectionState.AUTHENTICATED))
    @rule(start=small, length=small)
    def positions(self, start: int, length: int) -> None:
        self.says("position", {"from": start, "to": start + length}, None)

    @precondition(lambda self: self.is_in(ConnectionState.AUTHENTICATED))
    @rule(pages=st.integers(1, 4), handled=st.integers(0, 4))
    def replays(self, pages: int, handled: int) -> None:
        """A run of the log, of which the application is not done with everything when its timers ring."""
        for _ in range(pages):
            self.says("position", {"from": max(self.last_to, 0), "to": self.last_to + 2}, None)
        for _ in range(min(handled, len(self.marks))):
            self.handles()
        self.waits(250)

    @precondition(lambda self: self.acks_sent)
    @rule(recorded=st.booleans())
    def answers(self, recorded: bool) -> None:
        id = self.acks_sent.pop()
        if recorded:
            self.hears("recorded", {"alert_id": "a", "state": "acknowledged"}, id)
        else:
            self.hears("error", {"code": "FORBIDDEN", "message": "no"}, id)

    @rule(text=st.text(max_size=20), binary=st.binary(max_size=20))
    def garbage(self, text: str, binary: bytes) -> None:
        if self.socket == "open":
            self.carry_out(self.session.text(text, self.now_ms))
        if self.socket == "open":
            self.carry_out(self.session.binary(binary, self.now_ms))

    @rule(alert_id=ids, verdict=st.none() | st.sampled_from(Verdict), decline=st.booleans())
    def acknowledges(self, alert_id: str, verdict: Verdict | None, decline: bool) -> None:
        try:
            id, todo = self.session.acknowledge(alert_id, verdict, self.now_ms, decline=decline, reason="far")
        except Unavailable:
            return
        self.unanswered.add(id)
        self.carry_out(todo)

    @rule(camera_id=ids, frames=st.booleans(), wanted=st.booleans())
    def watches(self, camera_id: str, frames: bool, wanted: bool) -> None:
        if wanted:
            self.carry_out(self.session.subscribe(camera_id, frames=frames, max_fps=None))
        else:
            self.carry_out(self.session.unsubscribe(camera_id))

    @rule(camera_id=ids, what=st.sampled_from(["start", "change", "stop"]))
    def plays(self, camera_id: str, what: str) -> None:
        try:
            if what == "start":
                id, todo = self.session.start_stream(camera_id, "sd", None, self.now_ms)
            elif what == "change":
                id, todo = self.session.change_stream(camera_id, "hd", self.now_ms)
            else:
                id, todo = self.session.stop_stream(camera_id, self.now_ms)
        except Unavailable:
            return
        self.asked[id] = self.now_ms
        self.carry_out(todo)

    @precondition(lambda self: self.requests_sent)
    @rule(granted=st.booleans(), camera_id=ids)
    def is_granted(self, granted: bool, camera_id: str) -> None:
        type, id = self.requests_sent.pop()
        answer = {
            "stream_start_request": "stream_start_success",
            "stream_stop_request": "stream_stop_success",
            "stream_quality_change": "quality_change_success",
        }[type]
        if granted:
            self.hears(answer, {"camera_id": camera_id, "quality": "sd", "new_quality": "sd"}, id)
        else:
            self.hears("error", {"code": "FORBIDDEN", "message": "no"}, id)

    @rule(on=st.booleans())
    def is_on_duty(self, on: bool) -> None:
        self.carry_out(self.session.switch_duty(on, self.now_ms))
        self.carry_out(self.session.locate({"latitude": 1.0, "longitude": 2.0}, self.now_ms))

    @rule(alert_id=ids)
    def reports(self, alert_id: str) -> None:
        self.carry_out(self.session.report("ai_detection_result", {"camera_id": alert_id, "detections": []}))
        id, todo = self.session.raise_alert({"alert_id": alert_id, "type": "t", "camera_id": "c"}, self.now_ms)
        self.unaccepted.add(id)
        self.carry_out(todo)

    @precondition(lambda self: self.marks)
    @rule()
    def handles(self) -> None:
        cursor = self.marks.pop(0)
        self.done[cursor.epoch] = max(cursor.offset, self.done.get(cursor.epoch, -1))
        self.carry_out(self.session.handled(cursor, self.now_ms))

    @precondition(lambda self: self.entries)
    @rule()
    def overflows(self) -> None:
        entry = self.entries.pop()
        if isinstance(entry, AlertTriggered):
            self.shown.discard(entry.alert.alert_id)
        self.carry_out(self.session.overflowed(entry, self.now_ms))

    @rule(ms=st.sampled_from([1, 250, 1_000, 10_000, 60_000, 3_600_000]))
    def waits(self, ms: int) -> None:
        self.now_ms += ms
        self.carry_out(self.session.tick(self.now_ms))

    @rule()
    def timer_rings(self) -> None:
        due_ms = self.session.next_tick_at_ms()
        if due_ms is None:
            return
        self.now_ms = max(self.now_ms, due_ms)
        self.carry_out(self.session.tick(self.now_ms))
        again_ms = self.session.next_tick_at_ms()
        assert again_ms is None or again_ms > self.now_ms, "the timer would ring for ever"

    # ── what must always hold ──

    @invariant()
    def socket_and_state_agree(self) -> None:
        state = self.session.connection.state
        expected = {None: ConnectionState.DISCONNECTED, "opening": ConnectionState.CONNECTING}
        assert state is expected.get(self.socket, state)
        if self.socket == "open":
            assert state in (ConnectionState.CONNECTED, ConnectionState.AUTHENTICATED)

    @invariant()
    def it_is_never_stuck(self) -> None:
        if self.started and not self.halted:
            assert self.session.next_tick_at_ms() is not None
        if self.halted:
            assert self.session.connection.stopped is not None
            assert self.session.next_tick_at_ms() is None or self.asked

    @invariant()
    def no_acknowledgement_is_lost(self) -> None:
        assert {ack.id for ack in self.session.kept.acks} == self.unanswered
        assert {alert.id for alert in self.session.kept.alerts} == self.unaccepted
        assert self.session.statistics.queue_size == len(self.unanswered) + len(self.unaccepted)

    @invariant()
    def every_request_is_answered_in_time(self) -> None:
        due_ms = self.session.next_tick_at_ms()
        for asked_ms in self.asked.values():
            assert due_ms is not None
            assert due_ms <= asked_ms + REQUEST_WAIT_MS

    @invariant()
    def what_must_survive_was_saved(self) -> None:
        assert self.saved.acks == self.session.kept.acks
        assert self.saved.alerts == self.session.kept.alerts
        assert self.session.kept.cursor in (None, self.saved.cursor)

    # ── effects ──

    def is_in(self, state: ConnectionState) -> bool:
        return self.session.connection.state is state

    def hears(self, kind: str, data: dict[str, Any], id: str | None) -> None:
        if self.socket != "open":
            return
        message = {"type": kind, "data": data} | ({} if id is None else {"id": id})
        self.carry_out(self.session.text(json.dumps(message), self.now_ms))

    def carry_out(self, todo: list[effects.Effect]) -> None:
        for effect in todo:
            self.perform(effect)

    def perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Open():
                assert self.socket is None, "two sockets at once"
                assert self.started
                assert not self.halted
                self.socket, self.identified, self.last_to, self.told = "opening", False, -1, -1
                self.acks_sent.clear()
                self.requests_sent.clear()
            case effects.Close():
                assert self.socket is not None, "nothing to close"
                self.socket = None
            case effects.WantToken():
                assert self.socket == "open"
            case effects.Send():
                self.sends(effect)
            case effects.Deliver(event=event):
                self.delivers(event)
            case effects.Mark(cursor=cursor):
                self.last_to = max(self.last_to, cursor.offset)
                self.marks.append(cursor)
            case effects.Answer(id=id, outcome=Recorded() | effects.AckRefused()):
                self.unanswered.remove(id)
            case effects.Answer(id=id, outcome=AlertAccepted() | effects.AlertRefused()):
                self.unaccepted.remove(id)
            case effects.Answer(id=id):
                self.asked.pop(id, None)
            case effects.Persist():
                self.saved = self.session.kept
            case effects.Halt():
                self.halted = True

    def sends(self, message: effects.Send) -> None:
        assert self.socket == "open", "nobody would hear this"
        assert self.identified or message.type in ("client_identify", "heartbeat_ack")
        if message.type == "client_identify":
            assert not self.identified, "identified twice"
            self.identified = True
        elif message.type == "received":
            offset = message.data["offset"]
            assert self.told < offset <= self.last_to, "beyond what was sent, or said twice"
            assert offset <= max(self.done.values()), "the application has not finished with this"
            self.told = offset
        elif message.type in ("ack", "decline"):
            assert message.id is not None
            self.acks_sent.append(message.id)
        elif message.type.startswith("stream_"):
            assert message.id is not None
            assert message.id == message.data["request_id"]
            self.requests_sent.append((message.type, message.id))

    def delivers(self, event: Event) -> None:
        if isinstance(event, ConnectionChanged):
            retry_at_ms = event.connection.retry_at_ms
            assert retry_at_ms is None or retry_at_ms >= self.now_ms
        elif isinstance(event, AlertTriggered):
            assert event.alert.alert_id not in self.shown, "shown twice"
            self.shown.add(event.alert.alert_id)
            self.entries.append(event)


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
