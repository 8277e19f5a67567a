"""The reference of messages: examples that the types accept, and a document whose parts refer to each other."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from scripts.messages import DIALECTS, Message, asyncapi, page

MESSAGES = [
    pytest.param(message, id=f"{dialect.name}-{side}-{message.name}")
    for dialect in DIALECTS
    for side, messages in (("client", dialect.sent), ("gateway", dialect.received))
    for message in messages
]


@pytest.mark.parametrize("message", MESSAGES)
def test_an_example_is_one_of_its_type(message: Message) -> None:
    msgspec.convert(message.example, message.type)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_says_what_it_is(message: Message) -> None:
    assert message.type.__doc__


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = yaml.safe_load(asyncapi())
    references = list(_references(document))
    assert len(references) > 100
    for reference in references:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_the_document_names_every_dialect_and_message() -> None:
    document = yaml.safe_load(asyncapi())
    assert document["asyncapi"] == "3.0.0"
    assert [channel["address"] for channel in document["channels"].values()] == [
        "/ws/v1", "/ws/alerts/{user_id}", "/ws/field", "/ws", "/ws/verify"
    ]  # fmt: skip
    said = sum(len(dialect.sent) + len(dialect.received) for dialect in DIALECTS)
    assert len(document["components"]["messages"]) == said
    for message in (message for dialect in DIALECTS for message in (*dialect.sent, *dialect.received)):
        assert f"#### `{message.name}`" in page()


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
