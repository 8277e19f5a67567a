"""Outside channels, and the dead letters: what could not be told to a channel or device. For administrators."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from sightline.accounts import Right
from sightline.deliveries.channel import Channel, ChannelKind, NoticeEvent
from sightline.deliveries.notice import Notice, Outcome, Standing
from sightline.deliveries.target import origin_of
from sightline.events.alert import Severity
from sightline.exceptions import ConfigurationError
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.resources import Denial

__all__ = [
    "ChannelChange",
    "ChannelListed",
    "ChannelMade",
    "ChannelOut",
    "ChannelTestResult",
    "DeadLetterOut",
    "NewChannel",
    "router",
]

router = APIRouter(tags=["channels"], responses={403: {"model": Denial}})
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_CHANNELS))]

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Secret = Annotated[str, StringConstraints(min_length=16, max_length=256)]
Kind = Literal[ChannelKind.WEBHOOK, ChannelKind.APPRISE]
Event = Literal[NoticeEvent.ALERT_TRIGGERED, NoticeEvent.ALERT_UPDATED, NoticeEvent.ALERT_UNANSWERED]
Events = Annotated[list[Event], Field(min_length=1, max_length=3)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("events", check_fields=False)
    @classmethod
    def _each_once(cls, events: list[NoticeEvent] | None) -> list[NoticeEvent] | None:
        return None if events is None else [event for event in NoticeEvent if event in events]


class NewChannel(_In):
    """A channel to make. Without a `secret` a webhook is given one. Without events: new alerts and unanswered ones."""

    name: Name
    kind: Kind
    address: Address
    secret: Secret | None = None
    events: Events = [NoticeEvent.ALERT_TRIGGERED, NoticeEvent.ALERT_UNANSWERED]
    min_severity: Severity = Severity.WARNING
    enabled: bool = True


class ChannelChange(_In):
    """What of a channel is changed; fields not given stay."""

    name: Name | None = None
    address: Address | None = None
    secret: Secret | None = None
    events: Events | None = None
    min_severity: Severity | None = None
    enabled: bool | None = None


class ChannelOut(BaseModel):
    """A channel. Of its address only what names the service is shown, of its secret nothing."""

    id: str
    name: str
    kind: ChannelKind
    address: str
    events: list[NoticeEvent]
    min_severity: Severity
    enabled: bool
    created_at: int

    @classmethod
    def of(cls, channel: Channel) -> ChannelOut:
        return cls(
            id=channel.id,
            name=channel.name,
            kind=channel.kind,
            address=_shown(channel),
            events=list(channel.events),
            min_severity=channel.min_severity,
            enabled=channel.enabled,
            created_at=channel.created_at_ms,
        )


class ChannelListed(ChannelOut):
    """A channel, and how it does: how much waits for it and since when, how much was given up, and why the newest of
    those failed so far (empty: nothing has)."""

    waiting: int
    waiting_since: int | None
    given_up: int
    problem: str

    @classmethod
    def with_standing(cls, channel: Channel, standing: Standing) -> ChannelListed:
        return cls(
            **ChannelOut.of(channel).model_dump(),
            waiting=standing.waiting,
            waiting_since=standing.oldest_ms,
            given_up=standing.dead,
            problem=standing.problem,
        )


class ChannelMade(BaseModel):
    """A new channel. `secret` is that of a webhook, shown this once."""

    channel: ChannelOut
    secret: str | None


class ChannelTestResult(BaseModel):
    """Whether a test message arrived, or in plain words why not."""

    ok: bool
    message: str


class DeadLetterOut(BaseModel):
    """Something that could not be told, and why the last attempt failed."""

    id: str
    kind: ChannelKind
    target_id: str
    target: str | None
    alert_id: str
    event: NoticeEvent
    attempts: int
    problem: str
    created_at: int
    given_up_at: int

    @classmethod
    def of(cls, notice: Notice, target: str | None) -> DeadLetterOut:
        assert notice.dead_at_ms is not None
        return cls(
            id=notice.id,
            kind=notice.kind,
            target_id=notice.target_id,
            target=target,
            alert_id=notice.alert_id,
            event=notice.event,
            attempts=notice.attempts,
            problem=notice.problem,
            created_at=notice.created_at_ms,
            given_up_at=notice.dead_at_ms,
        )


@router.get("/api/channels")
async def list_channels(gateway: GatewayOf, caller: Admin) -> list[ChannelListed]:
    """All of them, by name, with how they do."""
    standings = await gateway.store.notices.standings()
    return [
        ChannelListed.with_standing(channel, standings.get(channel.id, Standing()))
        for channel in await gateway.store.channels.list()
    ]


@router.post("/api/channels", status_code=201)
async def create_channel(gateway: GatewayOf, caller: Admin, new: NewChannel) -> ChannelMade:
    """A new channel; 409 when the name is taken, 422 for an address that cannot be one."""
    kind = ChannelKind(new.kind)
    _check_secret(kind, new.secret)
    await gateway.notifier.senders.channels[kind].check(new.address)
    channel = await gateway.store.channels.create(
        name=new.name,
        kind=kind,
        address=new.address,
        secret=new.secret or _new_secret(kind),
        events=tuple(NoticeEvent(event) for event in new.events),
        min_severity=new.min_severity,
        enabled=new.enabled,
        now_ms=gateway.clock.now_ms(),
    )
    await _audit(gateway, caller, "channel_created", channel.id, f"{channel.name}, {channel.kind.value}")
    return ChannelMade(channel=ChannelOut.of(channel), secret=channel.secret)


@router.patch("/api/channels/{channel_id}")
async def change_channel(gateway: GatewayOf, caller: Admin, channel_id: str, change: ChannelChange) -> ChannelOut:
    """Changes a channel. Whoever changes a webhook's address must give its secret again, or a new one: what was agreed
    with one receiver is not sent to another."""
    before = await gateway.store.channels.get(channel_id)
    _check_secret(before.kind, change.secret)
    if change.address is not None and change.address != before.address:
        await gateway.notifier.senders.channels[before.kind].check(change.address)
        if before.kind is ChannelKind.WEBHOOK and change.secret is None:
            raise ConfigurationError("another address needs a secret of its own: give one")
    given = change.model_dump(exclude_none=True)
    if change.events is not None:
        given["events"] = tuple(NoticeEvent(event) for event in change.events)
    channel = await gateway.store.channels.replace(dataclasses.replace(before, **given))
    await _audit(gateway, caller, "channel_changed", channel.id, ", ".join(sorted(given)))
    return ChannelOut.of(channel)


@router.delete("/api/channels/{channel_id}", status_code=204)
async def delete_channel(gateway: GatewayOf, caller: Admin, channel_id: str) -> None:
    """Removes a channel with everything that waits for it."""
    await gateway.store.channels.delete(channel_id)
    await _audit(gateway, caller, "channel_deleted", channel_id)


@router.post("/api/channels/{channel_id}/test")
async def try_channel(gateway: GatewayOf, caller: Admin, channel_id: str) -> ChannelTestResult:
    """Sends a message that says it is a test, once, and waits for what comes of it."""
    attempt = await gateway.notifier.try_channel(await gateway.store.channels.get(channel_id))
    ok = attempt.outcome is Outcome.SENT
    return ChannelTestResult(ok=ok, message="the message was taken" if ok else attempt.problem)


@router.get("/api/dead-letters")
async def list_dead_letters(
    gateway: GatewayOf,
    caller: Admin,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[DeadLetterOut]:
    """What was given up, newest first."""
    dead = await gateway.store.notices.dead(limit=limit, offset=offset)
    names = {channel.id: channel.name for channel in await gateway.store.channels.list()}
    return [DeadLetterOut.of(notice, names.get(notice.target_id)) for notice in dead]


@router.post("/api/dead-letters/{notice_id}/retry", status_code=202)
async def retry_dead_letter(gateway: GatewayOf, caller: Admin, notice_id: str) -> None:
    """Tries it anew, from the first attempt on."""
    await gateway.store.notices.revive(notice_id, now_ms=gateway.clock.now_ms())
    gateway.notifier.wake()
    await _audit(gateway, caller, "dead_letter_retried", notice_id)


@router.delete("/api/dead-letters/{notice_id}", status_code=204)
async def drop_dead_letter(gateway: GatewayOf, caller: Admin, notice_id: str) -> None:
    """Forgets it."""
    await gateway.store.notices.drop(notice_id)
    await _audit(gateway, caller, "dead_letter_dropped", notice_id)


def _shown(channel: Channel) -> str:
    """Paths and queries of webhooks hold tokens, and everything of an Apprise address may be a credential."""
    if channel.kind is ChannelKind.WEBHOOK:
        return f"{origin_of(channel.address)}/…"
    return f"{channel.address.partition('://')[0]}://…"


def _check_secret(kind: ChannelKind, secret: str | None) -> None:
    if kind is not ChannelKind.WEBHOOK and secret is not None:
        raise ConfigurationError("only a webhook is signed with a secret")


def _new_secret(kind: ChannelKind) -> str | None:
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES) if kind is ChannelKind.WEBHOOK else None


async def _audit(gateway: GatewayOf, caller: Caller, action: str, subject: str, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=subject, detail=detail, now_ms=gateway.clock.now_ms()
    )
