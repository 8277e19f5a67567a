"""What changed, told to everything in this gateway that remembers; and by bulletin to every other gateway.

Of two connections of one device, on whatever gateways, the one stays whose bulletin came last: each gateway hears all
of them in one order, its own too, so each knows which of its connections are older than another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from sightline.decisions.workstation_records import Standing
from sightline.deliveries.cluster import Bulletin
from sightline.deliveries.session import CloseCode
from sightline.gateway.auth import camera_token_name
from sightline.gateway.cluster.cluster import EVERYTHING
from sightline.gateway.hub import Client

if TYPE_CHECKING:
    from sightline.gateway.gateway import Gateway

__all__ = ["Changes"]

log = structlog.get_logger(__name__)


class Changes:
    """Each method tells; those that say `heard` do so only here."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._announced: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # ── what happens here ──

    def person(self, person_id: str, *, erased: bool = False) -> None:
        """A person's record or references changed, or were erased."""
        self._person(person_id, erased=erased)
        self._gateway.cluster.say("person", id=person_id, erased=erased)

    def past(self) -> None:
        """Sightings have other owners, or are gone."""
        self._gateway.searcher.changed()
        self._gateway.cluster.say("past")

    def records_forgotten(self) -> None:
        """Entries of the log, or alerts, were too old and are gone."""
        self._forget_encoded()
        self._gateway.cluster.say("records_forgotten")

    def camera(self, camera_id: str, *, removed: bool = False) -> None:
        """A camera's record changed, or is no more."""
        self._camera(camera_id, removed=removed)
        self._gateway.cluster.say("camera", id=camera_id, removed=removed)

    def watch_list(self, list_id: str) -> None:
        """A watch list was made, changed or removed."""
        self._watch_list(list_id)
        self._gateway.cluster.say("watch_list", id=list_id)

    def user(self, user_id: str) -> None:
        """An account changed, and its older tokens are void: its connections are closed for good."""
        self._user(user_id)
        self._gateway.cluster.say("user", id=user_id)

    async def engine_token(self, engine_id: str) -> None:
        """The token with which this engine came is void."""
        await self._engine_token(engine_id)
        self._gateway.cluster.say("engine_token", id=engine_id)

    def standing(self, person_id: str, standing: Standing) -> None:
        """Somebody is paused, blocked or active from now on, at whatever workstation."""
        self._gateway.workstations.stand(person_id, standing)
        self._gateway.cluster.say("standing", id=person_id, standing=standing.value)

    def workstation_token(self, workstation_id: str) -> None:
        """The token with which this workstation came is void."""
        self._gateway.workstations.token_changed(workstation_id)
        self._gateway.cluster.say("workstation_token", id=workstation_id)

    def camera_token(self, camera_id: str) -> None:
        """The token with which a device published to this camera is void."""
        self._camera_token(camera_id)
        self._gateway.cluster.say("camera_token", id=camera_id)

    def broadcast(self, type: str, data: Mapping[str, Any]) -> None:
        """A state message that concerns the whole system went to everybody here."""
        self._gateway.cluster.say("said", type=type, data=dict(data))

    def device_joined(self, client: Client, device: str) -> None:
        """The connection is the one of its user and device now; older ones end."""
        hub = self._gateway.hub
        for other in hub.others(client, device=device):
            self._supersede(other)
        # One that has left meanwhile must not end one that came after it, to another gateway whose word is heard first.
        self._gateway.cluster.say_while(
            lambda: hub.has(client.client_id),
            "device", user=client.user_id, device=device, client=client.client_id,
        )  # fmt: skip

    def client_left(self, client_id: str) -> None:
        """It is closed."""
        self._announced.discard(client_id)

    # ── what was heard ──

    def heard(self, bulletin: Bulletin) -> None:
        """A bulletin of any gateway; what this one said is done already, but for its place in the order."""
        data = bulletin.data
        mine = bulletin.gateway_id == self._gateway.cluster.id
        if bulletin.kind == "device":
            self._device(data["user"], data["device"], data["client"], mine=mine)
            return
        if mine:
            return
        match bulletin.kind:
            case "person":
                self._person(data["id"], erased=data["erased"])
            case "past":
                self._gateway.searcher.changed()
            case "records_forgotten":
                self._forget_encoded()
            case "camera":
                self._camera(data["id"], removed=data["removed"])
            case "watch_list":
                self._watch_list(data["id"])
            case "user":
                self._user(data["id"])
            case "engine_token":
                task = asyncio.create_task(self._engine_token(data["id"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case "camera_token":
                self._camera_token(data["id"])
            case "standing":
                self._gateway.workstations.stand(data["id"], Standing(data["standing"]))
            case "workstation_token":
                self._gateway.workstations.token_changed(data["id"])
            case "said":
                self._gateway.hub.broadcast(data["type"], data["data"])
            case _ if bulletin.kind == EVERYTHING:
                self._everything()
            case kind:
                log.warning("bulletin_not_understood", kind=kind)

    def _device(self, user_id: str, device: str, client_id: str, *, mine: bool) -> None:
        hub = self._gateway.hub
        if mine:
            if hub.has(client_id):
                self._announced.add(client_id)
            return
        for client in hub.of_user(user_id):
            if client.device == device and client.client_id in self._announced:
                self._supersede(client)

    def _supersede(self, client: Client) -> None:
        reason = "a newer connection of the same user and device took over"
        self._gateway.hub.dismiss(client, CloseCode.SUPERSEDED, reason)

    def _person(self, person_id: str, *, erased: bool) -> None:
        gateway = self._gateway
        gateway.directory.people.changed(person_id)
        self._forget_encoded()
        gateway.hub.forget()
        gateway.engines.gallery_changed()
        if erased:
            gateway.hub.broadcast("person_erased", {"person_id": person_id})

    def _camera(self, camera_id: str, *, removed: bool) -> None:
        gateway = self._gateway
        gateway.directory.cameras.changed(camera_id)
        self._forget_encoded()
        gateway.engines.cameras_changed()
        gateway.foreign_engines.changed()
        if removed:
            gateway.streams.camera_removed(camera_id)

    def _watch_list(self, list_id: str) -> None:
        self._gateway.directory.watch_lists.changed(list_id)
        self._forget_encoded()
        self._gateway.engines.cameras_changed()

    def _user(self, user_id: str) -> None:
        gateway = self._gateway
        gateway.directory.users.changed(user_id)
        gateway.responders.forget(user_id)
        gateway.streams.user_changed(user_id)
        self._forget_encoded()
        for client in gateway.hub.of_user(user_id):
            gateway.hub.dismiss(client, CloseCode.REVOKED, "the account was changed: sign in again")

    def _camera_token(self, camera_id: str) -> None:
        self._gateway.streams.sessions.end_of(camera_token_name(camera_id), "the camera's token was revoked")

    async def _engine_token(self, engine_id: str) -> None:
        self._gateway.foreign_engines.token_changed(engine_id)
        await self._gateway.engines.token_changed(engine_id)

    def _everything(self) -> None:
        """Bulletins were missed: nothing that is remembered may be trusted."""
        gateway = self._gateway
        gateway.directory.forget()
        self._forget_encoded()
        gateway.hub.forget()
        gateway.engines.gallery_changed()
        gateway.foreign_engines.changed()
        gateway.searcher.changed()

    def _forget_encoded(self) -> None:
        """No message that was encoded with an older name, or of what is no more, may be sent again."""
        gateway = self._gateway
        gateway.native_pages.forget()
        gateway.anomaly_tail.forget()
        gateway.field_desk.tail.forget()
