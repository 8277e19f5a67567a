"""Who outside is to be told of an alert: rows written in the transaction that raises or changes it.

So an alert that is on disk is on its way to everybody who wants it, whatever happens to the process. A row's `key` says
what it is about: asking twice for the same writes one row, until it was told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from sightline.accounts import Role, User
from sightline.deliveries.audience import tags_of
from sightline.deliveries.channel import ChannelKind, NoticeEvent, wants
from sightline.events.alert import Alert
from sightline.stores import schema
from sightline.stores.ids import new_id

__all__ = ["drop_for", "tell_triggered", "tell_unanswered", "tell_updated", "tell_user"]

_SUBSCRIPTIONS = schema.push_subscriptions.c
_USERS = schema.users.c
_CHANNELS = schema.channels.c
_NOTICES = schema.notices.c

_SUBSCRIBED = (
    select(_SUBSCRIPTIONS.id, _SUBSCRIPTIONS.user_id, _USERS.role)
    .join(schema.users, _USERS.id == _SUBSCRIPTIONS.user_id)
    .where(_USERS.disabled.is_(False))
)
_OF_USER = select(_SUBSCRIPTIONS.id).where(_SUBSCRIPTIONS.user_id == bindparam("user_id"))
_CHOOSING = select(_CHANNELS.id, _CHANNELS.kind, _CHANNELS.events, _CHANNELS.min_severity, _CHANNELS.enabled)
_WRITTEN = select(_NOTICES.key).where(_NOTICES.key.in_(bindparam("keys", expanding=True)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: ChannelKind
    target_id: str
    about: str


def tell_triggered(connection: Connection, alert: Alert, *, now_ms: int) -> None:
    """A new alert: pushed to the devices of everybody it is addressed to, and told to the channels that want it."""
    subscribed = [
        row.id
        for row in connection.execute(_SUBSCRIBED)
        if tags_of(_tagged(row.user_id, row.role)).intersection(alert.audience)
    ]
    wanted = [*_pushes(subscribed, alert), *_chosen(connection, alert, NoticeEvent.ALERT_TRIGGERED, "new")]
    _write(connection, alert, NoticeEvent.ALERT_TRIGGERED, wanted, now_ms)


def tell_updated(connection: Connection, alert: Alert, offset: int, *, now_ms: int) -> None:
    """A new state of an alert, by the log entry `offset`, for the channels that follow alerts."""
    wanted = _chosen(connection, alert, NoticeEvent.ALERT_UPDATED, f"entry {offset}")
    _write(connection, alert, NoticeEvent.ALERT_UPDATED, wanted, now_ms)


def tell_user(connection: Connection, user_id: str, alert: Alert, *, now_ms: int) -> None:
    """Pushes an alert to all devices of one user, once a level of its escalation."""
    subscribed = connection.execute(_OF_USER, {"user_id": user_id}).scalars()
    _write(connection, alert, NoticeEvent.ALERT_TRIGGERED, _pushes(subscribed, alert), now_ms)


def tell_unanswered(connection: Connection, alert: Alert, *, now_ms: int) -> None:
    """Nobody has taken an alert in time: told to the channels that want to know."""
    wanted = _chosen(connection, alert, NoticeEvent.ALERT_UNANSWERED, "unanswered")
    _write(connection, alert, NoticeEvent.ALERT_UNANSWERED, wanted, now_ms)


def drop_for(connection: Connection, target_ids: Iterable[str]) -> None:
    """Nothing is to be told to these subscriptions or channels any more."""
    connection.execute(delete(schema.notices).where(_NOTICES.target_id.in_(list(target_ids))))


def _pushes(subscription_ids: Iterable[str], alert: Alert) -> list[_Wanted]:
    about = f"level {max(0, alert.escalation_level)}"
    return [_Wanted(ChannelKind.WEB_PUSH, subscription_id, about) for subscription_id in subscription_ids]


def _chosen(connection: Connection, alert: Alert, event: NoticeEvent, about: str) -> list[_Wanted]:
    return [
        _Wanted(ChannelKind(row.kind), row.id, about)
        for row in connection.execute(_CHOOSING)
        if wants(row.events, row.min_severity, row.enabled, event, alert.severity)
    ]


def _write(connection: Connection, alert: Alert, event: NoticeEvent, wanted: Iterable[_Wanted], now_ms: int) -> None:
    by_key = {f"{alert.id}/{one.target_id}/{one.about}": one for one in wanted}
    if not by_key:
        return
    written = set(connection.execute(_WRITTEN, {"keys": list(by_key)}).scalars())
    rows = [
        {
            "id": new_id(now_ms),
            "key": key,
            "kind": one.kind.value,
            "target_id": one.target_id,
            "alert_id": alert.id,
            "event": event.value,
            "attempts": 0,
            "due_at_ms": now_ms,
            "problem": "",
            "created_at_ms": now_ms,
            "dead_at_ms": None,
        }
        for key, one in by_key.items()
        if key not in written
    ]
    if rows:
        connection.execute(insert(schema.notices), rows)


def _tagged(user_id: str, role: str) -> User:
    """As much of an enabled user as decides what is addressed to them."""
    return User(user_id, "", Role(role), "", disabled=False, token_version=0, created_at_ms=0)
