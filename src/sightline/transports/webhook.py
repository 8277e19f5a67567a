"""Signed webhooks: the alert as JSON, to an address of the administrator's.

    Sightline-Delivery: 0191…                       the same when it is sent again
    Sightline-Signature: t=1767265205,v1=5257a8…    HMAC-SHA-256 of "1767265205." and the body, in hex

The receiver computes the same, compares in constant time, and refuses a `t` that is minutes old: then nobody can send
in our name, change a word, or send an old one again.
"""

from __future__ import annotations

import hashlib
import hmac

import orjson

from sightline.deliveries.channel import Channel
from sightline.deliveries.notice import Attempt
from sightline.deliveries.notification import Notification
from sightline.deliveries.target import check_url
from sightline.transports.outgoing_http import OutgoingHttp, verdict

__all__ = ["Webhook", "signature"]


class Webhook:
    """One request a delivery. Redirects are not followed; 2xx within the time-out means that it arrived."""

    def __init__(self, http: OutgoingHttp) -> None:
        self._http = http

    async def check(self, address: str) -> None:
        """Raises `ConfigurationError` for what is no address of HTTP."""
        check_url(address, secure=False)

    async def send(self, channel: Channel, notification: Notification, *, now_ms: int) -> Attempt:
        """Posts the notification's data, signed with the channel's secret."""
        body = orjson.dumps(
            {
                "id": notification.id,
                "type": notification.event.value,
                "url": notification.url,
                "data": notification.data,
            }
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sightline",
            "Sightline-Delivery": notification.id,
            "Sightline-Signature": signature(channel.secret or "", body, now_ms // 1000),
        }
        answer = await self._http.post(channel.address, headers, body)
        return answer if isinstance(answer, Attempt) else verdict(answer)


def signature(secret: str, body: bytes, at_s: int) -> str:
    """The value of `Sightline-Signature` for a body sent `at_s` seconds after the epoch.

    >>> signature("whsec", b"{}", 1)
    't=1,v1=6ab13b5991724d5a0c7f02d7989ba3425b580e39d5b9a0a6258a7f5d0419173a'
    """
    digest = hmac.new(secret.encode(), b"%d." % at_s + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"
