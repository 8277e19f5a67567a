"""The reference of the WebSocket messages, from the types that the code reads and the tests hear: `asyncapi.yaml`, and
the same as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import yaml

from scripts import examples
from sightline.deliveries.field import Registration
from sightline.deliveries.pushed import FRAME_CLIENT_MESSAGES, FRAME_MESSAGES
from sightline.deliveries.verification import VERIFY_MESSAGES, VERIFY_SENT
from sightline.events.spoken import GATEWAY_TYPES
from sightline.events.spoken_elsewhere import ALERTS_MESSAGES, FIELD_MESSAGES
from sightline.events.wire import CLIENT_MESSAGES
from sightline.gateway.dialects.alerts_socket import Ack, Ping, Pong

__all__ = ["DIALECTS", "Dialect", "Message", "asyncapi", "page"]

GENERATED = "Written by `make docs`. Change the code instead."
REF = "#/components/schemas/{name}"

INTRODUCTION = """\
# Messages

Every message of the WebSocket dialects, with an example, from the types that the code uses;
[`asyncapi.yaml`](asyncapi.yaml) says the same to programs. How a session goes is told in
[The native protocol](protocol.md) and [Other dialects](dialects.md). A field with `?` may be left out.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type, and an example of its data (of all of it, in dialects without an envelope)."""

    name: str
    type: Any
    example: Any


@dataclass(frozen=True, slots=True)
class Dialect:
    """An endpoint, and what is said there by whom. `enveloped`: the type describes `data`."""

    name: str
    title: str
    address: str
    summary: str
    sent: tuple[Message, ...]
    received: tuple[Message, ...]
    enveloped: bool


def _messages(types: Mapping[str, Any], shown: Mapping[str, Any]) -> tuple[Message, ...]:
    assert types.keys() == shown.keys(), types.keys() ^ shown.keys()
    return tuple(Message(name, kind, shown[name]) for name, kind in types.items())


_NATIVE = {
    "sent": _messages(CLIENT_MESSAGES, examples.NATIVE_SENT),
    "received": _messages(GATEWAY_TYPES, examples.NATIVE_RECEIVED),
}

DIALECTS = (
    Dialect(
        "native",
        "The native protocol",
        "/ws/v1",
        'Each message is `{"type", "id"?, "data"}`; the example shows the data. Socket.IO (`/socket.io/`) has the same '
        "types as event names and the data as payload.",
        **_NATIVE,
        enveloped=True,
    ),
    Dialect(
        "alerts",
        "The alerts of one user",
        "/ws/alerts/{user_id}",
        "Each message is what the example shows, whole.",
        sent=_messages({"ping": Ping, "pong": Pong, "ack": Ack}, examples.ALERTS_SENT),
        received=_messages(ALERTS_MESSAGES, examples.ALERTS_RECEIVED),
        enveloped=False,
    ),
    Dialect(
        "field",
        "Field clients",
        "/ws/field",
        "Each message is what the example shows, whole. After the registration a client may say any JSON.",
        sent=_messages({"registration": Registration}, examples.FIELD_SENT),
        received=_messages(FIELD_MESSAGES, examples.FIELD_RECEIVED),
        enveloped=False,
    ),
    Dialect(
        "frames",
        "Pushed frames",
        "/ws",
        "Each message is what the example shows, whole. Socket.IO (`/socket.io/`) has `process_frame` as an event, and "
        "its answers, with `data` as the payload.",
        sent=_messages(FRAME_CLIENT_MESSAGES, examples.FRAMES_SENT),
        received=_messages(FRAME_MESSAGES, examples.FRAMES_RECEIVED),
        enveloped=False,
    ),
    Dialect(
        "verify",
        "Workstations",
        "/ws/verify",
        "Each message is what the example shows, whole.",
        sent=_messages(VERIFY_SENT, examples.VERIFY_SENT),
        received=_messages(VERIFY_MESSAGES, examples.VERIFY_RECEIVED),
        enveloped=False,
    ),
)


def asyncapi() -> str:
    """The AsyncAPI 3.0 document, as YAML."""
    types = {message.type for dialect in DIALECTS for message in (*dialect.sent, *dialect.received)}
    ordered = sorted(types, key=lambda kind: (kind.__name__, kind.__module__))
    references, schemas = msgspec.json.schema_components(ordered, ref_template=REF)
    schema_of = dict(zip(ordered, references, strict=True))
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sightline over WebSocket",
            "version": "1",
            "description": "What clients and the gateway say to each other. " + GENERATED,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {dialect.name: _channel(dialect) for dialect in DIALECTS},
        "operations": dict(_operations()),
        "components": {"messages": dict(_components(schema_of)), "schemas": schemas},
    }
    return f"# {GENERATED}\n" + yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True, width=110)


def _channel(dialect: Dialect) -> dict[str, Any]:
    keys = sorted({_key(dialect, message, by) for by, message in _both(dialect)})
    channel: dict[str, Any] = {
        "address": dialect.address,
        "title": dialect.title,
        "description": dialect.summary,
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in keys},
    }
    if "{user_id}" in dialect.address:
        channel["parameters"] = {"user_id": {"description": "Whose alerts: the user's id or name."}}
    return channel


def _operations() -> Iterator[tuple[str, Any]]:
    """As the gateway does them: it receives what clients send."""
    for dialect in DIALECTS:
        for by, messages in (("client", dialect.sent), ("gateway", dialect.received)):
            yield (
                f"{dialect.name}_{by}",
                {
                    "action": "receive" if by == "client" else "send",
                    "channel": {"$ref": f"#/channels/{dialect.name}"},
                    "messages": [
                        {"$ref": f"#/channels/{dialect.name}/messages/{_key(dialect, message, by)}"}
                        for message in messages
                    ],
                },
            )


def _components(schema_of: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for dialect in DIALECTS:
        for by, message in _both(dialect):
            payload = schema_of[message.type]
            shown = message.example
            if dialect.enveloped:
                payload = {
                    "type": "object",
                    "properties": {"type": {"const": message.name}, "id": {"type": "string"}, "data": payload},
                    "required": ["type", "data"],
                }
                shown = {"type": message.name, "data": message.example}
            yield (
                _key(dialect, message, by),
                {
                    "name": message.name,
                    "summary": _summary(message.type),
                    "payload": payload,
                    "examples": [{"payload": shown}],
                },
            )


def _both(dialect: Dialect) -> Iterable[tuple[str, Message]]:
    yield from (("client", message) for message in dialect.sent)
    yield from (("gateway", message) for message in dialect.received)


def _key(dialect: Dialect, message: Message, by: str) -> str:
    return f"{dialect.name}_{by}_{message.name}"


def page() -> str:
    """The same for people, as Markdown."""
    lines = [f"<!-- {GENERATED} -->\n", INTRODUCTION]
    for dialect in DIALECTS:
        lines += [f"\n## {dialect.title}\n", f"`GET {dialect.address}`. {dialect.summary}"]
        for title, messages in (("From a client", dialect.sent), ("From the gateway", dialect.received)):
            lines += [f"\n### {title}\n"]
            for message in messages:
                lines += _entry(message)
    return "\n".join(lines) + "\n"


def _entry(message: Message) -> list[str]:
    fields = ", ".join(
        f"`{field.encode_name}{'' if field.required else '?'}`" for field in msgspec.structs.fields(message.type)
    )
    shown = json.dumps(message.example, ensure_ascii=False)
    if len(shown) > 110:
        shown = json.dumps(message.example, ensure_ascii=False, indent=1)
    return [f"#### `{message.name}`\n", f"{_summary(message.type)} Fields: {fields}.\n", f"```json\n{shown}\n```\n"]


def _summary(kind: Any) -> str:
    return " ".join((kind.__doc__ or "").split())


def _plain(value: Any) -> Any:
    """Without shared objects, which YAML would write as anchors."""
    return json.loads(json.dumps(value))
