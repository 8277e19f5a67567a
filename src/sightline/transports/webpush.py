"""Web push (RFC 8030): a phone that sleeps is woken by its maker's push service, which learns nothing but the time."""

from __future__ import annotations

import re

import orjson

from sightline.deliveries.channel import PushSubscription
from sightline.deliveries.notice import Attempt, Outcome
from sightline.deliveries.notification import Notification
from sightline.deliveries.target import check_url
from sightline.events.alert import Severity
from sightline.exceptions import ConfigurationError
from sightline.transports.outgoing_http import GONE, OutgoingHttp, verdict
from sightline.transports.push_encryption import BrowserKeys, encrypt
from sightline.transports.vapid import Vapid

__all__ = ["WebPush"]

TTL_S = 3600
"""How long the push service keeps a message for a device that is off. Later than this the console tells it better."""

MAX_WORDS = 300
"""Characters of title and line, each: written as JSON (six bytes at worst) both fit into one message."""

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class WebPush:
    """Encrypts, signs and sends. `allow_http` is for a push service on the administrator's own machine."""

    def __init__(self, http: OutgoingHttp, vapid: Vapid, *, allow_http: bool) -> None:
        self._http = http
        self._vapid = vapid
        self._allow_http = allow_http

    @property
    def public_key(self) -> str:
        """What a browser subscribes with, in base64url."""
        return self._vapid.public_key

    def check(self, endpoint: str, p256dh: str, auth: str) -> None:
        """Raises `ConfigurationError` for what no browser gives."""
        check_url(endpoint, secure=not self._allow_http)
        BrowserKeys(p256dh, auth)

    async def send(self, subscription: PushSubscription, notification: Notification, *, now_ms: int) -> Attempt:
        """One message to one device; a newer one about the same alert replaces one that the service still holds."""
        try:
            body = encrypt(_payload(notification), BrowserKeys(subscription.p256dh, subscription.auth))
        except (ConfigurationError, ValueError):
            return Attempt(Outcome.REFUSED, "the message cannot be encrypted for this device")
        headers = {
            "Authorization": self._vapid.authorization(subscription.endpoint, now_ms),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_S),
            "Urgency": "normal" if notification.severity is Severity.INFO else "high",
        }
        topic = (notification.alert_id or "").replace("-", "")
        if _TOPIC.fullmatch(topic):
            headers["Topic"] = topic
        answer = await self._http.post(subscription.endpoint, headers, body)
        return answer if isinstance(answer, Attempt) else verdict(answer, gone=GONE)


def _payload(notification: Notification) -> bytes:
    """What the service worker shows. The path, not the address: the browser knows where the console is."""
    return orjson.dumps(
        {
            "type": notification.event.value,
            "alert_id": notification.alert_id,
            "severity": notification.severity.value,
            "title": notification.title[:MAX_WORDS],
            "body": notification.body[:MAX_WORDS],
            "url": notification.path,
            "timestamp": notification.at_ms,
        }
    )
