"""Every phase and every message, by property; each rule of the protocol once by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sightline.deliveries.session import (
    CLIENT_TYPES,
    MAX_SUBSCRIPTIONS,
    Authenticate,
    Close,
    CloseCode,
    Effect,
    Limits,
    Mode,
    Phase,
    Reauthenticate,
    Report,
    Send,
    Session,
    SetDuty,
    StoreCursor,
    Stream,
    TakeAlert,
    Unwatch,
    Watch,
)
from sightline.deliveries.window import CREDIT_BYTES, CREDIT_ENTRIES
from sightline.events import wire
from sightline.exceptions import WireError

START = 1_000_000
LIMITS = Limits()

DATA: dict[str, wire.ClientData] = {
    "client_identify": wire.Identify(client_type="frontend", auth_token="t", device="d"),
    "heartbeat": wire.Heartbeat(client_time=5),
    "heartbeat_ack": wire.HeartbeatAck(),
    "subscribe_camera": wire.SubscribeCamera(camera_id="c", max_fps=5, frames=True),
    "unsubscribe_camera": wire.UnsubscribeCamera(camera_id="c"),
    "received": wire.Received(offset=12),
    "ack": wire.Ack(alert_id="a", verdict="confirmed"),
    "refresh": wire.Refresh(auth_token="newer"),
    "duty": wire.Duty(on=True, at=7),
    "stream_start_request": wire.StreamStartRequest(camera_id="c"),
    "stream_stop_request": wire.StreamStopRequest(camera_id="c"),
    "stream_quality_change": wire.StreamQualityChange(camera_id="c", new_quality="hd"),
}
REPORTS: dict[str, wire.ClientData] = {
    "ai_detection_result": wire.AiDetectionReport(camera_id="c", detections=[]),
    "face_detection_result": wire.FaceDetectionReport(camera_id="c", faces=[]),
    "alert_triggered": wire.AlertReport(camera_id="c", alert_id="a", type="t"),
}


def message(type: str, id: str | None = None, data: wire.ClientData | None = None) -> wire.ClientMessage:
    return wire.ClientMessage(type, id, data or DATA[type])


def new() -> Session:
    session = Session("client", LIMITS, START)
    session.open()
    return session


def opened(*, expires_ms: int = START + 900_000, start: int = 10, mode: Mode = Mode.LIVE) -> Session:
    session = new()
    session.receive(message("client_identify"), START)
    session.identified(user_id="u", token_expires_ms=expires_ms, mode=mode, epoch="e", top=20, start=start, id="1")
    return session


def errors(effects: list[Effect]) -> list[dict[str, Any]]:
    return [dict(effect.data) for effect in effects if isinstance(effect, Send) and effect.type == "error"]


def closes(effects: list[Effect]) -> list[CloseCode]:
    return [effect.code for effect in effects if isinstance(effect, Close)]


# ── every phase, every message ──

EFFECTS = {
    "subscribe_camera": Watch,
    "unsubscribe_camera": Unwatch,
    "received": StoreCursor,
    "ack": TakeAlert,
    "refresh": Reauthenticate,
    "duty": SetDuty,
    "stream_start_request": Stream,
    "stream_stop_request": Stream,
    "stream_quality_change": Stream,
}


@pytest.mark.parametrize("type", sorted(DATA))
def test_new_session_hears_who_it_is_and_nothing_else(type: str) -> None:
    effects = new().receive(message(type, "7"), START + 1)
    if type == "client_identify":
        assert effects == [Authenticate(DATA[type], "7")]  # type: ignore[arg-type]
    elif type == "heartbeat":
        assert effects == [Send("heartbeat_ack", {"client_time": 5, "server_time": START + 1}, "7")]
    elif type == "heartbeat_ack":
        assert effects == []
    else:
        (error,) = errors(effects)
        assert (error["code"], error["request_id"]) == ("INVALID_MESSAGE", "7")


@pytest.mark.parametrize("type", sorted(DATA))
def test_open_session_understands_everything(type: str) -> None:
    session = opened()
    session.window.page_sent(12, 1, 10)  # type: ignore[union-attr]
    effects = session.receive(message(type, "7"), START + 1)
    if type in EFFECTS:
        assert [effect.__class__ for effect in effects] == [EFFECTS[type]]
    elif type == "client_identify":
        assert errors(effects)[0]["request_id"] == "7"


@pytest.mark.parametrize("type", sorted(REPORTS))
def test_only_an_engine_reports_and_it_does_nothing_else(type: str) -> None:
    person = opened()
    (error,) = errors(person.receive(message(type, "7", REPORTS[type]), START + 1))
    assert (error["code"], error["request_id"], error["details"]["path"]) == ("FORBIDDEN", "7", "type")
    engine = new()
    engine.receive(message("client_identify", data=wire.Identify(client_type="ai_engine")), START)
    engine.identified(user_id="m", token_expires_ms=START * 2, mode=Mode.LIVE, epoch="e", top=20, start=20, id="1")
    assert engine.receive(message(type, "7", REPORTS[type]), START + 1) == [Report(REPORTS[type], "7")]  # type: ignore[arg-type]
    for asked in ("ack", "subscribe_camera", "duty", "received", "stream_start_request"):
        (error,) = errors(engine.receive(message(asked, "8"), START + 2))
        assert error["code"] == "FORBIDDEN"


@pytest.mark.parametrize("type", sorted(DATA))
def test_closed_session_says_nothing(type: str) -> None:
    session = opened()
    session.close(CloseCode.SHUTTING_DOWN, "bye")
    assert session.receive(message(type), START + 1) == []
    assert session.reject(WireError("x", fatal=True), START) == []
    assert session.tick(START + 10_000_000) == []
    assert session.refused("C", "m", CloseCode.BAD_TOKEN, id=None) == []
    assert session.reauthenticated(user_id="u", token_expires_ms=1, id=None) == []
    assert session.refused_watch(Watch("c", None, False, None), "C", "m") == []
    assert session.close(CloseCode.REVOKED, "again") == []


# ── rules ──


def test_greeting() -> None:
    (greeting,) = Session("client", LIMITS, START).open()
    assert isinstance(greeting, Send)
    assert greeting.type == "connection_established"
    assert greeting.data == {
        "client_id": "client",
        "server_time": START,
        "supported_protocols": ["sightline.v1"],
        "heartbeat_interval": 30_000,
    }


def test_identification_is_answered_with_where_the_log_stands() -> None:
    session = new()
    session.receive(message("client_identify", "1"), START)
    (answer,) = session.identified(
        user_id="u", token_expires_ms=START + 1, mode=Mode.GAP, epoch="e", top=20, start=15, id="1"
    )
    assert isinstance(answer, Send)
    assert (answer.type, answer.id) == ("identification_success", "1")
    assert (answer.data["mode"], answer.data["epoch"], answer.data["offset"]) == ("gap", "e", 20)
    assert answer.data["limits"] == {
        "credit_entries": CREDIT_ENTRIES,
        "credit_bytes": CREDIT_BYTES,
        "max_subscriptions": MAX_SUBSCRIPTIONS,
    }
    assert session.window is not None
    assert session.window.sent == 15
    again = session.identified(user_id="x", token_expires_ms=1, mode=Mode.LIVE, epoch="e", top=1, start=1, id=None)
    assert (again, session.user_id) == ([], "u")


@pytest.mark.parametrize("client_type", [*CLIENT_TYPES, "toaster", ""])
def test_client_types(client_type: str) -> None:
    session = new()
    effects = session.receive(message("client_identify", "1", wire.Identify(client_type=client_type)), START)
    if client_type in CLIENT_TYPES:
        assert isinstance(effects[0], Authenticate)
        assert session.client_type == client_type
    else:
        assert errors(effects)[0]["code"] == "INVALID_CLIENT_TYPE"
        assert session.phase is Phase.NEW


@pytest.mark.parametrize("asked", [False, True])
def test_who_it_is_must_be_known_in_ten_seconds(asked: bool) -> None:
    session = new()
    if asked:
        session.receive(message("client_identify"), START + 9_000)
    assert session.tick(START + 9_999) == []
    effects = session.tick(START + 10_000)
    assert errors(effects)[0]["code"] == "AUTH_FAILED"
    assert closes(effects) == [CloseCode.PROTOCOL_VIOLATION]


def test_time_may_pass_before_the_socket_is_accepted() -> None:
    session = Session("client", LIMITS, START)
    assert session.tick(START + 500) == []
    assert [effect.type for effect in session.open() if isinstance(effect, Send)] == ["connection_established"]


def test_silence_closes_and_any_message_breaks_it() -> None:
    session = opened()
    session.receive(message("heartbeat_ack"), START + 59_000)
    assert closes(session.tick(START + 60_000)) == []
    session.reject(WireError("wrong"), START + 100_000)
    assert closes(session.tick(START + 159_999)) == []
    assert closes(session.tick(START + 160_000)) == [CloseCode.NO_HEARTBEAT]


def test_heartbeats_come_every_thirty_seconds() -> None:
    session = opened(expires_ms=START + 10_000_000)
    beats = []
    for seconds in range(1, 301):
        now_ms = START + seconds * 1000
        beats += [seconds for effect in session.tick(now_ms) if isinstance(effect, Send)]
        session.receive(message("heartbeat_ack"), now_ms)
    assert beats == list(range(30, 301, 30))


def test_expired_token_has_twenty_five_seconds_of_grace() -> None:
    session = opened(expires_ms=START + 20_000)
    session.receive(message("heartbeat_ack"), START + 40_000)
    assert closes(session.tick(START + 44_999)) == []
    assert session.reauthenticated(user_id="u", token_expires_ms=START + 30_000, id="r") == [
        Send("refreshed", {"expires_at": START + 30_000}, "r")
    ]
    assert closes(session.tick(START + 54_999)) == []
    assert closes(session.tick(START + 55_000)) == [CloseCode.TOKEN_EXPIRED]


def test_older_token_shortens_nothing_and_anothers_ends_the_session() -> None:
    session = opened(expires_ms=START + 20_000)
    session.reauthenticated(user_id="u", token_expires_ms=START + 10_000, id=None)
    assert session.token_expires_ms == START + 20_000
    assert closes(session.reauthenticated(user_id="x", token_expires_ms=START + 90_000, id=None)) == [
        CloseCode.BAD_TOKEN
    ]


def test_received_beyond_what_was_sent_is_refused() -> None:
    session = opened(start=10)
    (error,) = errors(session.receive(message("received", "7", wire.Received(offset=11)), START))
    assert (error["details"], error["request_id"]) == ({"path": "data.offset"}, "7")
    assert session.window is not None
    session.window.page_sent(11, 1, 5)
    assert session.receive(message("received", None, wire.Received(offset=11)), START) == [StoreCursor(11)]
    assert session.receive(message("received", None, wire.Received(offset=11)), START) == []


@pytest.mark.parametrize("mode", Mode)
def test_a_snapshot_is_confirmed_and_so_the_device_has_a_place(mode: Mode) -> None:
    session = opened(start=10, mode=mode)
    confirmed = session.receive(message("received", None, wire.Received(offset=10)), START)
    assert confirmed == ([] if mode is Mode.RESUMED else [StoreCursor(10)]), "resumed, it is known already"
    assert session.receive(message("received", None, wire.Received(offset=10)), START) == []


def test_subscriptions_are_bounded_and_may_be_taken_back() -> None:
    session = opened()
    for number in range(MAX_SUBSCRIPTIONS):
        watch = wire.SubscribeCamera(camera_id=str(number))
        assert session.receive(message("subscribe_camera", "i", watch), START) == [Watch(str(number), None, False, "i")]
    more = message("subscribe_camera", "7", wire.SubscribeCamera(camera_id="more"))
    assert errors(session.receive(more, START))[0]["code"] == "RATE_LIMITED"
    again = message("subscribe_camera", "8", wire.SubscribeCamera(camera_id="0", frames=True))
    assert session.receive(again, START) == [Watch("0", None, True, "8")]
    (error,) = errors(session.refused_watch(Watch("0", None, True, "8"), "FORBIDDEN", "no"))
    assert (error["code"], error["request_id"], error["details"]) == ("FORBIDDEN", "8", {"path": "data.camera_id"})
    assert isinstance(session.receive(more, START)[0], Watch)


def test_fatal_problem_is_said_and_closes() -> None:
    session = opened()
    effects = session.reject(WireError("no JSON", fatal=True, request_id=None), START)
    assert isinstance(effects[0], Send)
    assert closes(effects) == [CloseCode.PROTOCOL_VIOLATION]
    assert closes(opened().reject(WireError("wrong field", path="data.x"), START)) == []


# ── any order of everything ──

Text = st.text(min_size=1, max_size=3)
ANY_MESSAGE = st.one_of(
    st.sampled_from([message(type, "i") for type in DATA]),
    st.builds(lambda offset: message("received", None, wire.Received(offset=offset)), st.integers(0, 400)),
    st.builds(lambda kind: message("client_identify", "i", wire.Identify(client_type=kind)), Text),
)


class AnySession(RuleBasedStateMachine):
    """A driver that does whatever it may, and looks at every effect."""

    @initialize()
    def begin(self) -> None:
        self.session = Session("client", LIMITS, START)
        self.now_ms = START
        self.effects: list[Effect] = []
        self.stored = 0
        self.outstanding: list[tuple[int, int, int]] = []
        self._take(self.session.open())

    def _take(self, effects: list[Effect]) -> None:
        assert not (effects and any(isinstance(effect, Close) for effect in self.effects)), "something after Close"
        assert not any(isinstance(effect, Close) for effect in effects[:-1]), "something after Close"
        for effect in effects:
            if isinstance(effect, StoreCursor):
                assert self.session.window is not None
                assert self.stored < effect.offset <= self.session.window.sent
                self.stored = effect.offset
                self.outstanding = [page for page in self.outstanding if page[0] > effect.offset]
            if not isinstance(effect, (Send, Close, Authenticate)):
                assert self.session.phase is Phase.OPEN
        self.effects += effects

    @rule(of=ANY_MESSAGE)
    def hear(self, of: wire.ClientMessage) -> None:
        self._take(self.session.receive(of, self.now_ms))

    @rule(fatal=st.booleans())
    def reject(self, fatal: bool) -> None:
        self._take(self.session.reject(WireError("wrong", fatal=fatal), self.now_ms))

    @rule(ms=st.sampled_from([1, 1_000, 9_000, 31_000, 61_000]))
    def wait(self, ms: int) -> None:
        self.now_ms += ms
        self._take(self.session.tick(self.now_ms))

    @rule(start=st.integers(0, 50))
    def identify(self, start: int) -> None:
        if self.session.phase is Phase.AUTHENTICATING:
            self.stored = start
        self._take(
            self.session.identified(
                user_id="u", token_expires_ms=self.now_ms + 60_000, mode=Mode.LIVE, epoch="e", top=50, start=start,
                id=None,
            )
        )  # fmt: skip

    @rule(user=st.sampled_from(["u", "u", "u", "x"]))
    def refresh(self, user: str) -> None:
        self._take(self.session.reauthenticated(user_id=user, token_expires_ms=self.now_ms + 60_000, id=None))

    @rule(code=st.sampled_from(CloseCode))
    def close(self, code: CloseCode) -> None:
        self._take(self.session.close(code, "why"))

    @precondition(lambda self: self.session.window is not None and self.session.window.free_entries())
    @rule(entries=st.integers(1, 100), size=st.integers(1, CREDIT_BYTES))
    def send_page(self, entries: int, size: int) -> None:
        window = self.session.window
        assert window is not None
        entries, size = min(entries, window.free_entries()), min(size, window.free_bytes())
        window.page_sent(window.sent + entries, entries, size)
        self.outstanding.append((window.sent, entries, size))

    @invariant()
    def never_over_credit(self) -> None:
        if getattr(self, "session", None) is not None and self.session.window is not None:
            assert sum(page[1] for page in self.outstanding) <= CREDIT_ENTRIES
            assert sum(page[2] for page in self.outstanding) <= CREDIT_BYTES
            assert self.session.window.received <= self.session.window.sent

    @invariant()
    def closed_is_closed(self) -> None:
        if getattr(self, "session", None) is not None:
            ended = any(isinstance(effect, Close) for effect in self.effects)
            assert ended is (self.session.phase is Phase.CLOSED)


AnySession.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnySession = AnySession.TestCase
