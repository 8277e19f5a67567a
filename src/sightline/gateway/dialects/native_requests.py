"""What people ask for over the native protocol, once it is known who they are: each is done, or refused with why."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from sightline.accounts import User
from sightline.deliveries.routing import Position
from sightline.deliveries.session import DeclineAlert, Effect, Locate, SetDuty, Stream, TakeAlert
from sightline.events.alert import Verdict
from sightline.events.wire import Location, encode_message
from sightline.exceptions import Forbidden, NotFound
from sightline.gateway.delivery.outbox import Outbox
from sightline.gateway.dialects.refusals import refuse
from sightline.gateway.gateway import Gateway
from sightline.gateway.routing.responders import MOBILE
from sightline.gateway.video.stream_requests import StreamRequests

__all__ = ["NativeRequests"]


class NativeRequests:
    """Does what one signed-in client asks for; the answers go into its outbox."""

    def __init__(self, gateway: Gateway, outbox: Outbox, user: User, client_type: str, streams: StreamRequests) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._user = user
        self._client_type = client_type
        self._streams = streams

    async def perform(self, effect: Effect) -> None:
        """Answers it. Raises `SightlineError` when that cannot be done now."""
        match effect:
            case TakeAlert():
                verdict = Verdict(effect.verdict) if effect.verdict else None
                taken = self._gateway.take_alert(self._user, effect.alert_id, verdict)
                await self._answer("recorded", taken, "data.alert_id", effect.id)
            case DeclineAlert(alert_id=alert_id, reason=reason, id=id):
                declined = self._gateway.escalator.decline(self._user, alert_id, reason)
                await self._answer("recorded", declined, "data.alert_id", id)
            case SetDuty(on=on, id=id, at_ms=at_ms):
                switched = self._gateway.responders.switch(self._user, on=on, at_ms=at_ms)
                await self._answer("duty_status", switched, "data.on", id)
            case Stream():
                self._streams.put(effect)
            case Locate(location=location):
                self.locate(location)

    def close(self) -> None:
        """The client is gone."""
        self._streams.close()

    def locate(self, location: Location) -> None:
        """Only the device that a responder carries says where they are."""
        if self._client_type == MOBILE:
            position = Position(location.latitude, location.longitude)
            self._gateway.responders.located(self._user.id, position, location.accuracy_m)

    async def _answer(self, type: str, answer: Awaitable[Mapping[str, Any]], path: str, id: str | None) -> None:
        try:
            data = await answer
        except (Forbidden, NotFound) as problem:
            code = "FORBIDDEN" if isinstance(problem, Forbidden) else "INVALID_MESSAGE"
            refuse(self._outbox, code, str(problem), path, id)
            return
        self._outbox.put_control(encode_message(type, data, id=id))
