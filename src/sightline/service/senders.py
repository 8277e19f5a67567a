"""The adapters that send on the gateway's account, opened and closed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from sightline.deliveries.channel import ChannelKind
from sightline.deliveries.target import check_target
from sightline.gateway.routing.notifier import Senders
from sightline.settings import Settings
from sightline.transports.apprise import Apprise
from sightline.transports.outgoing_http import OutgoingHttp, trusted_certificates
from sightline.transports.vapid import Vapid, load_or_create_vapid_key
from sightline.transports.webhook import Webhook
from sightline.transports.webpush import WebPush

__all__ = ["open_senders"]

VAPID_KEY = "vapid.pem"


@contextlib.asynccontextmanager
async def open_senders(settings: Settings) -> AsyncIterator[Senders]:
    """Web push, webhooks and Apprise under the address policy of the settings. Raises `ConfigurationError`."""
    timeout_s = settings.notification_timeout_seconds
    local = settings.allow_loopback_targets
    chosen_by_administrators = partial(check_target, public=False, allow_loopback=local)
    chosen_by_anybody = partial(check_target, public=True, allow_loopback=local)
    vapid = Vapid(load_or_create_vapid_key(settings.home / "keys" / VAPID_KEY), settings.push_contact)
    trust = trusted_certificates()
    async with contextlib.AsyncExitStack() as stack:
        push_http = OutgoingHttp(chosen_by_anybody, timeout_s=timeout_s, trust=trust)
        stack.push_async_callback(push_http.close)
        webhook_http = OutgoingHttp(chosen_by_administrators, timeout_s=timeout_s, trust=trust)
        stack.push_async_callback(webhook_http.close)
        apprise = Apprise(chosen_by_administrators, timeout_s=timeout_s)
        stack.push_async_callback(apprise.close)
        yield Senders(
            push=WebPush(push_http, vapid, allow_http=local),
            channels={ChannelKind.WEBHOOK: Webhook(webhook_http), ChannelKind.APPRISE: apprise},
            timeout_s=timeout_s,
        )
