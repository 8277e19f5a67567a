"""Drives the Python client's session through a conformance case. `README.md` beside it says what the steps mean."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from sightline.client import effects
from sightline.client.events import (
    AlertSnapshot,
    AlertTriggered,
    AlertUpdated,
    CameraChanged,
    CaughtUp,
    ConnectionState,
    DetectionResult,
    DutyStatus,
    EngineChanged,
    Event,
    FaceResult,
    Gap,
    PersonErased,
    Picture,
    Problem,
    QualityChanged,
    Recorded,
    StreamFailed,
    StreamStarted,
    StreamStopped,
    SystemStatus,
)
from sightline.client.session import Session, SessionOptions
from sightline.events.alert import Verdict

START_MS = 1_000_000
HEARTBEATS = ("heartbeat", "heartbeat_ack")


class CaseDriver:
    """One session, everything that it asked for and that is not looked at yet, and the names bound so far."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        random = options.get("random", 0.5)
        self._options = SessionOptions(
            "conformance-1",
            lambda: random,
            jitter=options.get("jitter", 0),
            max_reconnect_attempts=options.get("max_reconnect_attempts"),
        )
        self._tokens = deque(options.get("tokens", ["token"]))
        self._session = Session(self._options)
        self._now_ms = START_MS
        self._kept = self._session.kept
        self._names: dict[str, str] = {}
        self._alert_of: dict[str, str] = {}
        self._opens = self._abandoned = 0
        self._halted: str | None = None
        self._sent: deque[effects.Send] = deque()
        self._asked: deque[bool] = deque()
        self._events: defaultdict[str, deque[dict[str, Any]]] = defaultdict(deque)

    def run(self, steps: list[dict[str, Any]]) -> None:
        for number, step in enumerate(steps, 1):
            ((verb, value),) = step.items()
            try:
                getattr(self, f"_do_{verb}")(value)
            except AssertionError as problem:
                raise AssertionError(f"step {number}, {json.dumps(step)}: {problem}") from problem

    # ── what the application does ──

    def _do_connect(self, _: object) -> None:
        self._carry_out(self._session.connect(self._now_ms))

    def _do_acknowledge(self, value: Mapping[str, Any]) -> None:
        verdict = Verdict(value["verdict"]) if "verdict" in value else None
        id, done = self._session.acknowledge(value["alert_id"], verdict, self._now_ms)
        self._alert_of[id] = value["alert_id"]
        self._carry_out(done)

    def _do_decline(self, value: Mapping[str, Any]) -> None:
        id, done = self._session.acknowledge(
            value["alert_id"], None, self._now_ms, decline=True, reason=value.get("reason", "")
        )
        self._alert_of[id] = value["alert_id"]
        self._carry_out(done)

    def _do_duty(self, value: Mapping[str, bool]) -> None:
        self._carry_out(self._session.switch_duty(value["on"], self._now_ms))

    def _do_locate(self, value: Mapping[str, float]) -> None:
        self._carry_out(self._session.locate(dict(value), self._now_ms))

    def _do_start_stream(self, value: Mapping[str, str]) -> None:
        self._carry_out(
            self._session.start_stream(value["camera_id"], value["quality"], value.get("rtsp_url"), self._now_ms)[1]
        )

    def _do_change_stream(self, value: Mapping[str, str]) -> None:
        self._carry_out(self._session.change_stream(value["camera_id"], value["quality"], self._now_ms)[1])

    def _do_stop_stream(self, value: Mapping[str, str]) -> None:
        self._carry_out(self._session.stop_stream(value["camera_id"], self._now_ms)[1])

    def _do_subscribe(self, value: Mapping[str, Any]) -> None:
        done = self._session.subscribe(
            value["camera_id"], frames=value.get("frames", False), max_fps=value.get("max_fps")
        )
        self._carry_out(done)

    def _do_unsubscribe(self, value: Mapping[str, Any]) -> None:
        self._carry_out(self._session.unsubscribe(value["camera_id"]))

    def _do_restart(self, _: object) -> None:
        self._session = Session(self._options, self._kept)
        self._sent.clear()

    # ── what the network, the server and the clock do ──

    def _do_socket(self, value: str) -> None:
        assert self._opens == 1, f"the client asked for {self._opens} sockets"
        self._opens = 0
        if value == "opens":
            self._carry_out(self._session.opened(self._now_ms))
        elif value == "is_unreachable":
            self._carry_out(self._session.failed("unreachable", self._now_ms, answered=False))
        else:
            assert value == "hangs"

    def _do_server(self, value: Mapping[str, Any]) -> None:
        message = dict(value)
        if "id" in message:
            message["id"] = self._names[message["id"]]
        self._do_server_text(json.dumps(message))

    def _do_server_text(self, value: str) -> None:
        self._carry_out(self._session.text(value, self._now_ms))

    def _do_server_bytes(self, value: str) -> None:
        self._carry_out(self._session.binary(bytes.fromhex(value), self._now_ms))

    def _do_server_picture(self, value: Mapping[str, Any]) -> None:
        header = json.dumps(value["header"]).encode()
        message = len(header).to_bytes(4, "big") + header + bytes.fromhex(value["jpeg"])
        self._carry_out(self._session.binary(message, self._now_ms))

    def _do_close(self, value: Mapping[str, Any]) -> None:
        self._carry_out(self._session.closed(value["code"], value["reason"], self._now_ms))

    def _do_advance_ms(self, value: int) -> None:
        end_ms = self._now_ms + value
        while (due_ms := self._session.next_tick_at_ms()) is not None and due_ms <= end_ms:
            self._now_ms = max(self._now_ms, due_ms)
            self._carry_out(self._session.tick(self._now_ms))
        self._now_ms = end_ms

    # ── what is expected ──

    def _do_asked_for_token(self, value: Mapping[str, bool]) -> None:
        assert self._asked, "no token was asked for"
        assert self._asked.popleft() == value["fresh"]

    def _do_sends(self, value: Mapping[str, Any]) -> None:
        while self._sent and self._sent[0].type in HEARTBEATS and value["type"] not in HEARTBEATS:
            self._sent.popleft()
        assert self._sent, "nothing was sent"
        sent = self._sent.popleft()
        assert sent.type == value["type"], f"{sent} was sent"
        assert value["data"].items() <= sent.data.items(), f"{sent} was sent"
        assert not sent.data.keys() & set(value.get("without", ())), f"{sent} was sent"
        if "id" in value:
            assert sent.id is not None
            assert self._names.setdefault(value["id"], sent.id) == sent.id

    def _do_sends_nothing(self, _: object) -> None:
        sent = [message for message in self._sent if message.type not in HEARTBEATS]
        assert not sent, f"{sent} was sent"
        assert not self._opens, "a socket was asked for"

    def _do_state(self, value: str) -> None:
        assert self._session.connection.state is ConnectionState(value), self._session.connection

    def _do_stopped(self, value: str) -> None:
        assert self._session.connection.stopped == value, self._session.connection
        assert self._halted == value

    def _do_retry_in_ms(self, value: int) -> None:
        assert self._session.connection.retry_at_ms == self._now_ms + value, self._session.connection

    def _do_abandons(self, _: object) -> None:
        assert self._abandoned == 1
        self._abandoned = 0

    def _do_waiting(self, value: int) -> None:
        assert self._session.statistics.queue_size == value

    def _do_event(self, value: Mapping[str, Any]) -> None:
        events = self._events[value["name"]]
        assert events, f"no such event; there were {dict(self._events)}"
        assert value["data"].items() <= events[0].items(), f"it was {events[0]}"
        events.popleft()

    def _do_no_event(self, value: str) -> None:
        assert not self._events[value], f"there was {self._events[value]}"

    # ── effects ──

    def _carry_out(self, todo: list[effects.Effect]) -> None:
        for effect in todo:
            self._perform(effect)

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Open():
                self._opens += 1
            case effects.WantToken(fresh=fresh):
                self._asked.append(fresh)
                token = self._tokens.popleft() if len(self._tokens) > 1 else self._tokens[0]
                self._carry_out(self._session.token(token, self._now_ms))
            case effects.Send():
                self._sent.append(effect)
            case effects.Close():
                self._abandoned += 1
            case effects.Deliver(event=event):
                named = _named(event)
                if named is not None:
                    self._events[named[0]].append(named[1])
            case effects.Mark(cursor=cursor):
                self._carry_out(self._session.handled(cursor, self._now_ms))
            case effects.Answer(id=id, outcome=outcome):
                if id in self._alert_of:
                    word = "recorded" if isinstance(outcome, Recorded) else "refused"
                    self._events["answer"].append({"alert_id": self._alert_of[id], "outcome": word})
                else:
                    code = outcome.code if isinstance(outcome, effects.StreamRefused) else None
                    self._events["request"].append({"refused": code})
            case effects.Persist():
                self._kept = self._session.kept
            case effects.Halt(stopped=stopped):
                self._halted = stopped.why.value


def _named(event: Event) -> tuple[str, dict[str, Any]] | None:
    """An event under the cases' name for it, with what they may look at."""
    match event:
        case AlertTriggered(alert=alert, replay=replay):
            return "alert", {"alert_id": alert.alert_id, "replay": replay}
        case AlertUpdated(alert_id=alert_id, state=state):
            return "alert_updated", {"alert_id": alert_id, "state": state}
        case AlertSnapshot(alerts=alerts):
            return "snapshot", {"alert_ids": [alert.alert_id for alert in alerts]}
        case Gap():
            return "gap", {}
        case CaughtUp(offset=offset):
            return "caught_up", {"offset": offset}
        case FaceResult(camera_id=camera_id, frame_id=frame_id):
            return "faces", {"camera_id": camera_id, "frame_id": frame_id}
        case Picture(camera_id=camera_id, frame_id=frame_id, jpeg=jpeg):
            return "picture", {"camera_id": camera_id, "frame_id": frame_id, "size": len(jpeg)}
        case CameraChanged(camera_id=camera_id, status=status):
            return "camera", {"camera_id": camera_id, "status": status}
        case DetectionResult(camera_id=camera_id, detections=detections):
            return "detections", {"camera_id": camera_id, "count": len(detections)}
        case DutyStatus(on=on, at=at):
            return "duty", {"on": on, "at": at}
        case StreamStarted(camera_id=camera_id, quality=quality, stream_url=stream_url):
            return "stream", {"camera_id": camera_id, "quality": quality, "stream_url": stream_url}
        case StreamFailed(camera_id=camera_id, code=code):
            return "stream_failed", {"camera_id": camera_id, "code": code}
        case StreamStopped(camera_id=camera_id):
            return "stream_stopped", {"camera_id": camera_id}
        case QualityChanged(camera_id=camera_id, new_quality=quality):
            return "stream_quality", {"camera_id": camera_id, "new_quality": quality}
        case PersonErased(person_id=person_id):
            return "erased", {"person_id": person_id}
        case SystemStatus(warnings=warnings):
            return "system", {"warnings": list(warnings)}
        case EngineChanged(engine_id=engine_id, status=status):
            return "engine", {"engine_id": engine_id, "status": status}
        case Problem(code=code):
            return "problem", {"code": code}
        case _:
            return None
