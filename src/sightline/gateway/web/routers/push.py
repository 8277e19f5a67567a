"""Web push: the key that a browser subscribes with, and the subscriptions of one's own devices."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sightline.accounts import Right
from sightline.deliveries.channel import PushSubscription
from sightline.exceptions import Forbidden
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.resources import Denial

__all__ = ["Device", "NewSubscription", "PushKey", "SubscriptionKeys", "SubscriptionOut", "router"]

router = APIRouter(prefix="/api/push", tags=["push"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_ALERTS))]
Device = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class PushKey(BaseModel):
    """The server's public key (`applicationServerKey`), in base64url."""

    key: str


class SubscriptionKeys(BaseModel):
    """The keys of a browser's subscription, in base64url."""

    model_config = ConfigDict(extra="forbid")

    p256dh: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    auth: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class NewSubscription(BaseModel):
    """What `PushSubscription.toJSON()` gives, and the device it is for."""

    model_config = ConfigDict(extra="forbid")

    device: Device
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    keys: SubscriptionKeys
    expiration_time: float | None = Field(default=None, alias="expirationTime")


class SubscriptionOut(BaseModel):
    """A device that is told by web push."""

    id: str
    device: str
    created_at: int

    @classmethod
    def of(cls, subscription: PushSubscription) -> SubscriptionOut:
        return cls(id=subscription.id, device=subscription.device, created_at=subscription.created_at_ms)


@router.get("/key")
async def push_key(gateway: GatewayOf, caller: Seer) -> PushKey:
    """What a browser passes to `pushManager.subscribe`."""
    return PushKey(key=gateway.notifier.senders.push.public_key)


@router.get("/subscriptions")
async def list_subscriptions(gateway: GatewayOf, caller: Seer) -> list[SubscriptionOut]:
    """The caller's devices, newest first."""
    found = await gateway.store.push_subscriptions.of_user(caller.user.id)
    return [SubscriptionOut.of(subscription) for subscription in found]


@router.post("/subscriptions", status_code=201)
async def subscribe(gateway: GatewayOf, caller: Seer, new: NewSubscription) -> SubscriptionOut:
    """Tells this device of the caller's alerts from now on; it replaces the device's earlier subscription."""
    if caller.is_local:
        raise Forbidden("the command line has no device: sign in as a user")
    gateway.notifier.senders.push.check(new.endpoint, new.keys.p256dh, new.keys.auth)
    subscription = await gateway.store.push_subscriptions.put(
        user_id=caller.user.id,
        device=new.device,
        endpoint=new.endpoint,
        p256dh=new.keys.p256dh,
        auth=new.keys.auth,
        now_ms=gateway.clock.now_ms(),
    )
    return SubscriptionOut.of(subscription)


@router.delete("/subscriptions", status_code=204)
async def unsubscribe(gateway: GatewayOf, caller: Seer, device: Annotated[Device, Query()]) -> None:
    """This device is told no more, and what waited for it is dropped."""
    await gateway.store.push_subscriptions.remove_device(caller.user.id, device)
