"""Who of the field clients is told what: every page everything, of the phones the one that is nearest.

An alert is given to one phone exactly once, in the order of the log, whichever phone's sender happens to look first.
Given is not written: what a phone leaves behind unwritten goes to the next nearest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.deliveries.entry import Entry, EntryKind
from sightline.deliveries.field import as_nearest, context_of, encode_alert, nearest
from sightline.events.alert import Alert, AlertType
from sightline.gateway.delivery.tail import Encoded, Tail
from sightline.gateway.directory import Directory
from sightline.gateway.hub import Hub
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Store

__all__ = ["FieldDesk", "Offer", "Phone", "Page"]

ABOUT_PEOPLE = frozenset({AlertType.WATCHLIST_MATCH, AlertType.UNKNOWN_PERSON})


@dataclass(frozen=True, slots=True)
class Offer:
    """An alert for the phone nearest to the camera, whose position is known or not."""

    alert_id: str
    offset: int
    text: str
    audience: frozenset[str]
    position: tuple[float, float] | None


class Page(Protocol):
    """A registered `web` client."""

    client_id: str

    def echo(self, text: str) -> None:
        """What some client said."""


class Phone(Page, Protocol):
    """A registered `apk` client."""

    tags: frozenset[str]

    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...
    def offer(self, offer: Offer) -> None:
        """This alert is for this phone."""

    def unwritten(self) -> list[Offer]:
        """Takes back what was offered and not written."""


class FieldDesk:
    """The registered field clients of one gateway. `tail` holds their alerts, encoded once."""

    def __init__(self, store: Store, directory: Directory, hub: Hub, metrics: Metrics) -> None:
        self._store = store
        self._directory = directory
        self._hub = hub
        self._metrics = metrics
        self._pages: dict[str, Page] = {}
        self._phones: dict[str, Phone] = {}
        self._cursor = 0
        self._distributing = asyncio.Lock()
        self.tail = Tail(store.log, self._encode)

    def join_page(self, page: Page) -> None:
        """From now on this page is told what others say."""
        self._pages[page.client_id] = page

    def join_phone(self, phone: Phone) -> None:
        """From now on this phone may be the nearest. Alerts of a time without phones are nobody's."""
        if not self._phones:
            self._cursor = self._hub.top
        self._phones[phone.client_id] = phone

    def leave(self, client_id: str) -> None:
        """No longer. Nothing happens when it had not joined."""
        self._pages.pop(client_id, None)
        phone = self._phones.pop(client_id, None)
        for offer in phone.unwritten() if phone is not None else ():
            self._offer(offer)

    async def text_of(self, alert: Alert) -> str | None:
        """An alert as `all_clients`; `None` for one that this dialect has no words for, or nobody left to tell of."""
        if alert.type not in ABOUT_PEOPLE:
            return None
        person = await self._directory.people.find(alert.person_id)
        if alert.person_id is not None and person is None:  # erased
            return None
        camera = await self._directory.cameras.find(alert.camera_id)
        return encode_alert(context_of(alert.subject_id, person, camera))

    def echo(self, text: str, latitude: float, longitude: float) -> None:
        """What a client at this point said, to every page and to the nearest phone, the sender among them."""
        for page in self._pages.values():
            page.echo(text)
        phone = nearest(latitude, longitude, self._phones.values())
        if phone is not None:
            phone.echo(text)

    async def distribute(self) -> None:
        """Offers what the log has grown by. Any phone may ask for it; each alert is offered once."""
        async with self._distributing:
            while self._phones and self._cursor < self._hub.top:
                page = await self.tail.page(self._cursor, self._hub.top)
                offers = [
                    Offer(
                        entry.alert_id,
                        entry.offset,
                        as_nearest(entry.text),
                        entry.audience,
                        await self._position(entry.camera_id),
                    )
                    for entry in page.entries
                    if entry.offset > self._cursor
                ]
                self._cursor = max(self._cursor, page.to)
                for offer in offers:
                    self._offer(offer)

    def _offer(self, offer: Offer) -> None:
        """Nobody can be nearest to a camera that is nowhere: then every phone is told."""
        able = [phone for phone in self._phones.values() if phone.tags & offer.audience]
        if offer.position is not None and able:
            chosen = nearest(*offer.position, able)
            able = [chosen] if chosen is not None else []
        if not able:
            self._metrics.dropped.labels(reason="no_phone").inc()
        for phone in able:
            phone.offer(offer)

    async def _position(self, camera_id: str) -> tuple[float, float] | None:
        camera = await self._directory.cameras.find(camera_id)
        if camera is None or camera.latitude is None or camera.longitude is None:
            return None
        return camera.latitude, camera.longitude

    async def _encode(self, entries: Sequence[Entry], known: Mapping[str, Alert]) -> list[Encoded]:
        """Alerts about people as `all_clients`; this dialect has no words for other alerts, nor for changes of one."""
        triggered = [entry for entry in entries if entry.kind is EntryKind.ALERT_TRIGGERED]
        unknown = {entry.alert_id for entry in triggered} - known.keys()
        alerts = {**known, **await self._store.alerts.get_many(unknown)} if unknown else known
        encoded = []
        for entry in triggered:
            alert = alerts.get(entry.alert_id)
            text = await self.text_of(alert) if alert is not None else None
            if alert is not None and text is not None:
                size = len(text.encode())
                encoded.append(Encoded(entry.offset, entry.audience, text, size, alert.id, alert.camera_id))
        return encoded
