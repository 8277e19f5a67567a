"""The one worker that tells everybody who is not connected: push subscriptions, webhooks, Apprise.

What is to be told are rows (`stores/notices.py`), written with the alert itself. The worker takes those that are due,
claims each by compare-and-set, sends it, and puts down what came of it: gone when it was sent, due again later, or dead
until a person decides. Killed at any moment, it loses nothing; what it was sending is due again after the lease.

Bounds: `MAX_IN_FLIGHT` notices at a time, `MAX_OF_TARGET` of one target, so that a target that never answers holds up
nobody else. Everything over them waits on disk.
"""

from __future__ import annotations

from typing import Protocol

import structlog

from sightline.deliveries.channel import Channel, PushSubscription
from sightline.deliveries.notice import Attempt
from sightline.deliveries.notification import Notification

__all__ = ["ChannelSender", "Notifier", "NotifierMetrics", "PushSender", "Senders", "Wording"]

MAX_IN_FLIGHT = 32
MAX_OF_TARGET = 2
IDLE_S = 5.0
"""How often the worker looks without being told to: for what another gateway left, or what a lease gave back."""

LEASE_MARGIN_MS = 15_000
PRUNE_EVERY_MS = 3_600_000
DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


class PushSender(Protocol):
    """Web push."""

    @property
    def public_key(self) -> str: ...

    def check(self, endpoint: str, p256dh: str, auth: str) -> None:
        """Raises `ConfigurationError` for what no browser gives."""

    async def send(self, subscription: PushSubscription, notification: Notification, *, now_ms: int) -> Attempt: ...


class ChannelSender(Protocol):
    """One kind of outside channel."""

    async def check(self, address: str) -> None:
        """Raises `ConfigurationError` for an address that cannot be one of this kind."""

    async def send(self, channel: Channel, notification: Notification, *, now_ms: int) -> Attempt: ...
