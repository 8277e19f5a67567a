from __future__ import annotations

import pytest

from sightline.client.conversation import MAX_SUBSCRIPTIONS, Conversation
from sightline.client.effects import Mark, Send
from sightline.client.messages import IdentificationSuccess, Position
from sightline.client.outbox import Kept
from sightline.deliveries.session import MAX_SUBSCRIPTIONS as SERVERS_MAX_SUBSCRIPTIONS
from sightline.exceptions import Unavailable

LIVE = IdentificationSuccess(epoch="e", offset=0, mode="live")


def test_subscribing_twice_says_it_once_and_a_change_says_it_again() -> None:
    conversation = Conversation(Kept(), str)
    conversation.begin(LIVE, 0)
    wish = {"camera_id": "c", "frames": False}
    assert conversation.subscribe("c", frames=False, max_fps=None) == [Send("subscribe_camera", wish)]
    assert conversation.subscribe("c", frames=False, max_fps=None) == []
    changed = {"camera_id": "c", "frames": True, "max_fps": 5}
    assert conversation.subscribe("c", frames=True, max_fps=5) == [Send("subscribe_camera", changed)]
    assert conversation.unsubscribe("c") == [Send("unsubscribe_camera", {"camera_id": "c"})]
    assert conversation.unsubscribe("c") == []


def test_no_more_subscriptions_than_a_server_allows() -> None:
    assert MAX_SUBSCRIPTIONS == SERVERS_MAX_SUBSCRIPTIONS
    conversation = Conversation(Kept(), str)
    for number in range(MAX_SUBSCRIPTIONS):
        conversation.subscribe(str(number), frames=False, max_fps=None)
    with pytest.raises(Unavailable, match=r"subscribe to `\*`"):
        conversation.subscribe("one more", frames=False, max_fps=None)
    conversation.subscribe("0", frames=True, max_fps=None)
    assert len(conversation.begin(LIVE, 0)) == MAX_SUBSCRIPTIONS


def test_last_received_is_said_before_hanging_up() -> None:
    conversation = Conversation(Kept(), str)
    conversation.begin(LIVE, 0)
    (mark,) = conversation.message(Position(start=0, to=5), None, "position")
    assert isinstance(mark, Mark)
    conversation.handled(mark.cursor, 0)
    assert conversation.farewell() == [Send("received", {"offset": 5})]
    assert conversation.farewell() == []
    conversation.end()
    assert conversation.farewell() == []
