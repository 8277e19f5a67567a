"""Devices that asked to be told by web push. What reaches them is sealed with the master key."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select

from sightline.deliveries.channel import PushSubscription
from sightline.exceptions import NotFound
from sightline.stores import notice_rows, schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.vault import Vault

__all__ = ["MAX_DEVICES", "PushSubscriptions", "forget_user"]

MAX_DEVICES = 20
"""Subscriptions that one user may have; policy over it: the oldest goes."""

_SUBSCRIPTIONS = schema.push_subscriptions.c
_BY_ID = select(schema.push_subscriptions).where(_SUBSCRIPTIONS.id == bindparam("subscription_id"))
_OF_USER = (
    select(schema.push_subscriptions)
    .where(_SUBSCRIPTIONS.user_id == bindparam("user_id"))
    .order_by(_SUBSCRIPTIONS.created_at_ms.desc(), _SUBSCRIPTIONS.id.desc())
)
_SUBSCRIBERS = select(_SUBSCRIPTIONS.user_id).distinct()


class _Sealed(msgspec.Struct):
    endpoint: str
    p256dh: str
    auth: str


class PushSubscriptions:
    """One a user and device. An endpoint is a browser's: whoever subscribes with it last has it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def of_user(self, user_id: str) -> list[PushSubscription]:
        """Newest first."""
        return await self._database.read(
            lambda c: [self._subscription(row) for row in c.execute(_OF_USER, {"user_id": user_id}).mappings()]
        )

    async def get(self, subscription_id: str) -> PushSubscription:
        """Raises `NotFound`."""

        def find(connection: Connection) -> PushSubscription:
            row = connection.execute(_BY_ID, {"subscription_id": subscription_id}).mappings().one_or_none()
            if row is None:
                raise NotFound("push subscription", subscription_id)
            return self._subscription(row)

        return await self._database.read(find)

    async def users(self) -> frozenset[str]:
        """The ids of all users who have one."""
        return await self._database.read(lambda c: frozenset(c.execute(_SUBSCRIBERS).scalars()))

    async def put(
        self, *, user_id: str, device: str, endpoint: str, p256dh: str, auth: str, now_ms: int
    ) -> PushSubscription:
        """Replaces the one of the same device, and whoever had the same endpoint. Raises `NotFound` for no user."""
        subscription = PushSubscription(new_id(now_ms), user_id, device, endpoint, p256dh, auth, now_ms)
        endpoint_sha256 = hashlib.sha256(endpoint.encode()).hexdigest()
        replaced = select(_SUBSCRIPTIONS.id).where(
            or_(
                (_SUBSCRIPTIONS.user_id == user_id) & (_SUBSCRIPTIONS.device == device),
                _SUBSCRIPTIONS.endpoint_sha256 == endpoint_sha256,
            )
        )

        def write(connection: Connection) -> PushSubscription:
            if connection.execute(select(schema.users.c.id).where(schema.users.c.id == user_id)).first() is None:
                raise NotFound("user", user_id)
            _delete(connection, list(connection.execute(replaced).scalars()))
            newest_first = connection.execute(_OF_USER, {"user_id": user_id}).mappings()
            _delete(connection, [row["id"] for row in newest_first][MAX_DEVICES - 1 :])
            row = {
                "id": subscription.id,
                "user_id": user_id,
                "device": device,
                "endpoint_sha256": endpoint_sha256,
                "sealed_subscription": self._seal(subscription),
                "created_at_ms": now_ms,
            }
            connection.execute(insert(schema.push_subscriptions), row)
            return subscription

        return await self._database.write(write, scrub=True)

    async def remove(self, subscription_id: str) -> None:
        """With everything that waits for it. One that is gone already is no error."""
        await self._database.write(lambda c: _delete(c, [subscription_id]), scrub=True)

    async def remove_device(self, user_id: str, device: str) -> None:
        """Raises `NotFound` when this device of the user has none."""
        this = select(_SUBSCRIPTIONS.id).where(_SUBSCRIPTIONS.user_id == user_id, _SUBSCRIPTIONS.device == device)

        def write(connection: Connection) -> None:
            found = list(connection.execute(this).scalars())
            if not found:
                raise NotFound("push subscription of device", device)
            _delete(connection, found)

        await self._database.write(write, scrub=True)

    def _seal(self, subscription: PushSubscription) -> bytes:
        plain = msgspec.json.encode(_Sealed(subscription.endpoint, subscription.p256dh, subscription.auth))
        return self._vault.master.seal(plain, _context(subscription.id))

    def _subscription(self, row: RowMapping) -> PushSubscription:
        plain = self._vault.master.open(row["sealed_subscription"], _context(row["id"]))
        opened = msgspec.json.decode(plain, type=_Sealed)
        return PushSubscription(
            id=row["id"],
            user_id=row["user_id"],
            device=row["device"],
            endpoint=opened.endpoint,
            p256dh=opened.p256dh,
            auth=opened.auth,
            created_at_ms=row["created_at_ms"],
        )


def forget_user(connection: Connection, user_id: str) -> None:
    """Removes all subscriptions of a user whose account is removed."""
    _delete(connection, [row["id"] for row in connection.execute(_OF_USER, {"user_id": user_id}).mappings()])


def _delete(connection: Connection, subscription_ids: list[str]) -> None:
    if subscription_ids:
        notice_rows.drop_for(connection, subscription_ids)
        connection.execute(delete(schema.push_subscriptions).where(_SUBSCRIPTIONS.id.in_(subscription_ids)))


def _context(subscription_id: str) -> str:
    return f"push subscription/{subscription_id}"
