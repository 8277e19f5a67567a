"""Outside channels. Their addresses and secrets are sealed with the master key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from sightline.deliveries.channel import Channel, ChannelKind, NoticeEvent
from sightline.events.alert import Severity
from sightline.exceptions import Conflict, NotFound
from sightline.stores import notice_rows, schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.names import name_key
from sightline.stores.vault import Vault

__all__ = ["Channels"]

_CHANNELS = schema.channels.c
_ALL = select(schema.channels).order_by(_CHANNELS.name_key)
_BY_ID = select(schema.channels).where(_CHANNELS.id == bindparam("channel_id"))
_BY_NAME = select(_CHANNELS.id).where(_CHANNELS.name_key == bindparam("key"))


class Channels:
    """Names are unique without regard to case."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def list(self) -> list[Channel]:
        """All of them, by name."""
        return await self._database.read(lambda c: [self._channel(row) for row in c.execute(_ALL).mappings()])

    async def get(self, channel_id: str) -> Channel:
        """Raises `NotFound`."""

        def find(connection: Connection) -> Channel:
            row = connection.execute(_BY_ID, {"channel_id": channel_id}).mappings().one_or_none()
            if row is None:
                raise NotFound("channel", channel_id)
            return self._channel(row)

        return await self._database.read(find)

    async def create(
        self, *, name: str, kind: ChannelKind, address: str, secret: str | None, events: tuple[NoticeEvent, ...],
        min_severity: Severity, enabled: bool, now_ms: int,
    ) -> Channel:  # fmt: skip
        """Raises `Conflict` when the name is taken."""
        channel = Channel(new_id(now_ms), name, kind, address, secret, events, min_severity, enabled, now_ms)

        def write(connection: Connection) -> Channel:
            _check_free(connection, channel)
            connection.execute(insert(schema.channels), self._row(channel))
            return channel

        return await self._database.write(write)

    async def replace(self, channel: Channel) -> Channel:
        """Everything but kind and the time of its making. Raises `NotFound`, and `Conflict` when the name is taken."""
        row = self._row(channel)
        del row["created_at_ms"], row["kind"]

        def write(connection: Connection) -> Channel:
            _check_free(connection, channel)
            if connection.execute(update(schema.channels).where(_CHANNELS.id == channel.id).values(row)).rowcount == 0:
                raise NotFound("channel", channel.id)
            return channel

        return await self._database.write(write, scrub=True)

    async def delete(self, channel_id: str) -> None:
        """With everything that waits for it. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            if connection.execute(delete(schema.channels).where(_CHANNELS.id == channel_id)).rowcount == 0:
                raise NotFound("channel", channel_id)
            notice_rows.drop_for(connection, [channel_id])

        await self._database.write(write, scrub=True)

    def _channel(self, row: RowMapping) -> Channel:
        sealed_secret = row["sealed_secret"]
        secret = None
        if sealed_secret is not None:
            secret = self._vault.master.open(sealed_secret, f"channel secret/{row['id']}").decode()
        return Channel(
            id=row["id"],
            name=row["name"],
            kind=ChannelKind(row["kind"]),
            address=self._vault.master.open(row["sealed_address"], f"channel address/{row['id']}").decode(),
            secret=secret,
            events=tuple(NoticeEvent(event) for event in row["events"]),
            min_severity=Severity(row["min_severity"]),
            enabled=row["enabled"],
            created_at_ms=row["created_at_ms"],
        )

    def _row(self, channel: Channel) -> dict[str, Any]:
        seal = self._vault.master.seal
        return {
            "id": channel.id,
            "name": channel.name,
            "name_key": name_key(channel.name),
            "kind": channel.kind.value,
            "sealed_address": seal(channel.address.encode(), f"channel address/{channel.id}"),
            "sealed_secret": seal(channel.secret.encode(), f"channel secret/{channel.id}") if channel.secret else None,
            "events": [event.value for event in channel.events],
            "min_severity": channel.min_severity.value,
            "enabled": channel.enabled,
            "created_at_ms": channel.created_at_ms,
        }


def _check_free(connection: Connection, channel: Channel) -> None:
    taken = connection.execute(_BY_NAME, {"key": name_key(channel.name)}).scalar_one_or_none()
    if taken is not None and taken != channel.id:
        raise Conflict(f"there is a channel named {channel.name!r} already: choose another name")
