"""What each sender puts on the wire, read at a real server, and what it makes of the answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec

from sightline.deliveries.channel import Channel, ChannelKind, NoticeEvent, PushSubscription
from sightline.deliveries.notice import Outcome
from sightline.deliveries.notification import Notification
from sightline.deliveries.target import check_target
from sightline.events.alert import Severity
from sightline.exceptions import ConfigurationError, Forbidden
from sightline.transports.apprise import Apprise
from sightline.transports.outgoing_http import OutgoingHttp
from sightline.transports.vapid import Vapid
from sightline.transports.webhook import Webhook
from sightline.transports.webpush import WebPush
from tests.http_receiver import HttpReceiver, http_receiver
from tests.push_browser import Browser

NOW_MS = 1_767_265_205_000
ALERT_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
ANYWHERE = partial(check_target, public=False, allow_loopback=True)
NOT_HERE = partial(check_target, public=False, allow_loopback=False)


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[HttpReceiver]:
    async with http_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def http() -> AsyncIterator[OutgoingHttp]:
    http = OutgoingHttp(ANYWHERE, timeout_s=5)
    yield http
    await http.close()


@pytest_asyncio.fixture
async def apprise() -> AsyncIterator[Apprise]:
    apprise = Apprise(ANYWHERE, timeout_s=10)
    yield apprise
    await apprise.close()


def said(**changed: Any) -> Notification:
    values: dict[str, Any] = {
        "id": "delivery-1", "event": NoticeEvent.ALERT_TRIGGERED, "alert_id": ALERT_ID, "severity": Severity.CRITICAL,
        "title": "Alert at Front door", "body": "Watchlist match, critical", "path": f"/alerts/{ALERT_ID}",
        "url": "https://alerts.example.org/alerts/1", "at_ms": NOW_MS, "data": {"alert_id": ALERT_ID},
    }  # fmt: skip
    return Notification(**(values | changed))


def channel(kind: ChannelKind, address: str, secret: str | None = None) -> Channel:
    events = (NoticeEvent.ALERT_TRIGGERED,)
    return Channel("channel-1", "Guards", kind, address, secret, events, Severity.INFO, True, NOW_MS)


# ── web push ──


def web_push(http: OutgoingHttp) -> WebPush:
    return WebPush(http, Vapid(ec.generate_private_key(ec.SECP256R1()), "mailto:a@example.org"), allow_http=True)


async def test_push_is_encrypted_signed_and_urgent(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    browser = Browser()
    push = web_push(http)
    subscription = PushSubscription("s", "u", "phone", f"{receiver.url}/send/abc", **browser.keys)
    assert (await push.send(subscription, said(), now_ms=NOW_MS)).outcome is Outcome.SENT
    (request,) = receiver.requests
    assert request.path == "/send/abc"
    assert browser.read(request.body) == {
        "type": "alert_triggered", "alert_id": ALERT_ID, "severity": "critical", "title": "Alert at Front door",
        "body": "Watchlist match, critical", "url": f"/alerts/{ALERT_ID}", "timestamp": NOW_MS,
    }  # fmt: skip
    assert request.headers["content-encoding"] == "aes128gcm"
    assert request.headers["ttl"] == "3600"
    assert request.headers["urgency"] == "high"
    assert request.headers["topic"] == ALERT_ID.replace("-", "")
    assert request.headers["authorization"].endswith(f"k={push.public_key}")


async def test_push_of_little_urgency_without_a_topic(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    subscription = PushSubscription("s", "u", "phone", receiver.url, **Browser().keys)
    await web_push(http).send(subscription, said(severity=Severity.INFO, alert_id="not fit/for a header"), now_ms=0)
    (request,) = receiver.requests
    assert request.headers["urgency"] == "normal"
    assert "topic" not in request.headers


async def test_the_longest_words_still_fit(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    browser = Browser()
    subscription = PushSubscription("s", "u", "phone", receiver.url, **browser.keys)
    long = said(title="\N{CAMERA}" * 5000, body="\x01" * 5000)
    assert (await web_push(http).send(subscription, long, now_ms=0)).outcome is Outcome.SENT
    assert len(receiver.requests[0].body) <= 4096


@pytest.mark.parametrize("status", [404, 410])
async def test_push_to_a_device_that_is_gone(http: OutgoingHttp, receiver: HttpReceiver, status: int) -> None:
    receiver.status = status
    subscription = PushSubscription("s", "u", "phone", receiver.url, **Browser().keys)
    assert (await web_push(http).send(subscription, said(), now_ms=0)).outcome is Outcome.TARGET_GONE


def test_what_no_browser_gives_is_refused(http: OutgoingHttp) -> None:
    keys = Browser().keys
    strict = WebPush(http, Vapid(ec.generate_private_key(ec.SECP256R1()), "mailto:a@example.org"), allow_http=False)
    strict.check("https://push.example.org/send/abc", **keys)
    for endpoint in ("http://push.example.org/send", "push.example.org", "https://user:pw@push.example.org/"):
        with pytest.raises(ConfigurationError):
            strict.check(endpoint, **keys)


# ── webhooks ──


async def test_webhook_is_signed_over_time_and_body(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    hook = channel(ChannelKind.WEBHOOK, f"{receiver.url}/hook", "whsec_123")
    assert (await Webhook(http).send(hook, said(), now_ms=NOW_MS)).outcome is Outcome.SENT
    (request,) = receiver.requests
    assert json.loads(request.body) == {
        "id": "delivery-1", "type": "alert_triggered", "url": "https://alerts.example.org/alerts/1",
        "data": {"alert_id": ALERT_ID},
    }  # fmt: skip
    assert request.headers["content-type"] == "application/json"
    assert request.headers["sightline-delivery"] == "delivery-1"
    at, _, v1 = request.headers["sightline-signature"].partition(",v1=")
    assert at == f"t={NOW_MS // 1000}"
    signed = f"{NOW_MS // 1000}.".encode() + request.body
    assert hmac.compare_digest(v1, hmac.new(b"whsec_123", signed, hashlib.sha256).hexdigest())


async def test_webhook_that_is_gone_is_not_forgotten(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    receiver.status = 410
    hook = channel(ChannelKind.WEBHOOK, receiver.url, "whsec_123")
    assert (await Webhook(http).send(hook, said(), now_ms=0)).outcome is Outcome.REFUSED


# ── Apprise ──


async def test_apprise_says_title_line_and_link(apprise: Apprise, receiver: HttpReceiver) -> None:
    receiver.status = 200
    address = f"ntfy://127.0.0.1:{receiver.port}/alerts"
    await apprise.check(address)
    assert (await apprise.send(channel(ChannelKind.APPRISE, address), said(), now_ms=0)).outcome is Outcome.SENT
    (request,) = receiver.requests
    message = json.loads(request.body)
    assert (message["topic"], message["title"]) == ("alerts", "Alert at Front door")
    assert message["message"] == "Watchlist match, critical\nhttps://alerts.example.org/alerts/1"


async def test_apprise_is_told_that_it_did_not_work(apprise: Apprise, receiver: HttpReceiver) -> None:
    receiver.status = 500
    address = f"ntfy://127.0.0.1:{receiver.port}/alerts"
    attempt = await apprise.send(channel(ChannelKind.APPRISE, address), said(url=None), now_ms=0)
    assert attempt.outcome is Outcome.TRY_AGAIN
    assert len(receiver.requests) == 1


async def test_apprise_follows_no_redirect(apprise: Apprise, receiver: HttpReceiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.url}/elsewhere"}
    address = f"ntfy://127.0.0.1:{receiver.port}/alerts?redirect=yes&retry=3"
    attempt = await apprise.send(channel(ChannelKind.APPRISE, address), said(), now_ms=0)
    assert attempt.outcome is Outcome.TRY_AGAIN
    assert [request.path for request in receiver.requests] == ["/"]


async def test_apprise_waits_only_so_long_whatever_the_address_says(receiver: HttpReceiver) -> None:
    receiver.silent = True
    apprise = Apprise(ANYWHERE, timeout_s=1)
    await apprise.check(f"ntfy://127.0.0.1:{receiver.port}/alerts")  # loaded before the clock runs
    address = f"ntfy://127.0.0.1:{receiver.port}/alerts?rto=600&cto=600"
    attempt = await apprise.send(channel(ChannelKind.APPRISE, address), said(), now_ms=0)
    assert attempt.outcome is Outcome.TRY_AGAIN
    await apprise.close()


async def test_apprise_does_not_reach_this_machine_unless_it_may(receiver: HttpReceiver) -> None:
    apprise = Apprise(NOT_HERE, timeout_s=10)
    for host in ("127.0.0.1", "localhost"):
        address = f"ntfy://{host}:{receiver.port}/alerts"
        attempt = await apprise.send(channel(ChannelKind.APPRISE, address), said(), now_ms=0)
        assert attempt.outcome is Outcome.REFUSED
    assert receiver.connections == 0
    await apprise.close()


async def test_apprise_looks_up_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram's address has a token where others have a host: a name server must not get to read it."""
    looked_up: list[str] = []

    async def resolved(host: str, port: int) -> list[str]:
        looked_up.append(host)
        raise Forbidden("as far as this test goes")

    monkeypatch.setattr("sightline.transports.apprise.resolve", resolved)
    monkeypatch.setattr("sightline.transports.apprise._notify", lambda *_: True)
    apprise = Apprise(NOT_HERE, timeout_s=10)
    for address in (
        "tgram://123456789:abcdefg_hijklmnopqrstuvwxyz123456/12315544/", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3",
        "ntfy://topic", "mailtos://user:password@mail.example.org", f"ntfy://{socket.gethostname()}/topic",
    ):  # fmt: skip
        await apprise.send(channel(ChannelKind.APPRISE, address), said(), now_ms=0)
    await apprise.close()
    assert looked_up == ["mail.example.org", socket.gethostname()]


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "nonsense://x", "tgram://", "json://10.0.0.9/", "syslog://", "DBUS://", "mailto://" + "x" * 5000],
)
async def test_apprise_refuses_what_is_no_address_for_it(apprise: Apprise, address: str) -> None:
    with pytest.raises(ConfigurationError):
        await apprise.check(address)


async def test_apprise_logs_nothing_of_an_address(
    apprise: Apprise, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 500
    with caplog.at_level("DEBUG"):
        address = f"ntfy://s3cret:s3cret@127.0.0.1:{receiver.port}/s3cret"
        await apprise.send(channel(ChannelKind.APPRISE, address), said(), now_ms=0)
    assert len(receiver.requests) == 1
    assert "s3cret" not in caplog.text
