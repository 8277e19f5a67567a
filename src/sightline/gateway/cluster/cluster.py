"""This gateway among the others of its database.

    every second     beat: the own row (who is connected, which cameras are read, where responders are), and the others'
    at every hint,   look: the log's top, and bulletins that were posted since
    and twice a second without one

Truth is in rows and found by the clock; hints only make it quick. A bulletin that could not be posted is posted later,
in order. Whoever could not look for `FORGETFUL_S` may have missed bulletins that are gone, and forgets everything that
was remembered of records.

A gateway alone on its database does nothing of this.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from sightline.clock import Clock
from sightline.deliveries.cluster import Bulletin, PeerRow
from sightline.exceptions import SightlineError
from sightline.gateway.cluster.cluster_ports import ClusterRows
from sightline.gateway.cluster.peers import Presence, decode_presence, encode_presence

__all__ = ["EVERYTHING", "Cluster", "Peer"]

BEAT_S = 1.0
LOOK_S = 0.5
"""Without a hint, and so the longest that an alert of another gateway waits here."""
PAUSE_S = 0.01
"""Between two looks: what comes meanwhile is found by one."""
SILENCE_S = 5.0
"""A gateway whose row does not change for so long is gone."""
REFRESH_S = 10.0
"""How old what is told of clients may be, where nothing else has changed."""
RETRY_S = 1.0
MAX_UNPOSTED = 10_000
"""Bulletins that wait for the database. Over it one that says `EVERYTHING` takes the place of all."""
SWEEP_S = 60.0
FORGETFUL_S = 300.0
KEPT_MS = 2 * int(FORGETFUL_S * 1000)
EVERYTHING = "everything"
"""The bulletin after which nothing that is remembered of records may be trusted."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Peer:
    """Another gateway that lives."""

    beat: int
    version: int
    presence: Presence
    heard_s: float


class Cluster:
    """`run` for as long as the gateway is served, after `begin`."""

    def __init__(self, rows: ClusterRows, clock: Clock, *, name: str = "") -> None:
        self._rows = rows
        self._clock = clock
        self.id = secrets.token_hex(6)
        self.name = name
        self.presence_of: Callable[[], Presence] = Presence
        """Asked before every beat."""
        self.on_top: Callable[[int], None] = lambda top: None
        """Told what the log's top is, whoever wrote it."""
        self.on_bulletin: Callable[[Bulletin], None] = lambda bulletin: None
        """Told every bulletin once, in order; those of this gateway as well."""
        self.on_peers: Callable[[], None] = lambda: None
        """Told when something is new of the others."""
        self._peers: dict[str, Peer] = {}
        self._unposted: deque[_Saying] = deque()
        self._to_post = asyncio.Event()
        self._hinted = asyncio.Event()
        self._last = 0
        self._beat = 0
        self._shown = Presence()
        self._shown_s = -REFRESH_S
        self._looked_s = clock.monotonic_s()

    @property
    def is_shared(self) -> bool:
        """Whether there may be others."""
        return self._rows.is_shared

    @property
    def peers(self) -> Iterable[Presence]:
        """What the other gateways that live said of themselves last."""
        return [peer.presence for peer in self._peers.values()]

    @property
    def peers_by_id(self) -> dict[str, Presence]:
        """The same, by the gateway's id."""
        return {id: peer.presence for id, peer in self._peers.items()}

    @property
    def gateways(self) -> int:
        """How many there are, with this one."""
        return 1 + len(self._peers)

    def say(self, kind: str, **data: Any) -> None:
        """Every gateway will hear of it, this one too, as soon as the database can be written."""
        self.say_while(_always, kind, **data)

    def say_while(self, still: Callable[[], bool], kind: str, **data: Any) -> None:
        """Every gateway will hear of it, if it is `still` true when it gets its place among what others say: asked in
        a thread."""
        if not self.is_shared:
            return
        if len(self._unposted) >= MAX_UNPOSTED:
            self._unposted.clear()
            self._unposted.append(_Saying(EVERYTHING, {}, _always))
        self._unposted.append(_Saying(kind, data, still))
        self._to_post.set()

    async def claim(self, chore: str, for_s: float) -> bool:
        """Whether this gateway is to do what one does for all, for so long. Raises what the store raises."""
        if not self.is_shared:
            return True
        now_ms = self._clock.now_ms()
        return await self._rows.claim_chore(chore, self.id, now_ms=now_ms, until_ms=now_ms + int(for_s * 1000))

    async def begin(self) -> None:
        """Before anything is remembered: whatever is posted from now on will be heard. Raises what the store raises."""
        if self.is_shared:
            self._last = await self._rows.newest()
            await self._take_peers()

    async def run(self) -> None:
        """Works until cancelled, then says good-bye."""
        if not self.is_shared:
            await asyncio.Event().wait()
        self._rows.on_hint(self._hinted.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                for job in (self._keep_beating, self._keep_looking, self._keep_posting, self._keep_sweeping):
                    tasks.create_task(self._endless(job), name=job.__name__)
        finally:
            with contextlib.suppress(SightlineError):
                await self.flush()
                await self._rows.leave(self.id)

    async def flush(self) -> None:
        """Posts what waits. Raises what the store raises; then it waits as before."""
        said = list(self._unposted)
        if said:
            await self._rows.post(self.id, _StillTrue(said), now_ms=self._clock.now_ms())
            for _ in said:
                if self._unposted:
                    self._unposted.popleft()

    async def _endless(self, job: Callable[[], Any]) -> None:
        while True:
            try:
                await job()
            except SightlineError as problem:  # the database is away: everything is said and heard later
                log.warning("cluster_not_reached", problem=str(problem), again_in_s=RETRY_S)
                await asyncio.sleep(RETRY_S)

    # ── who lives ──

    async def _keep_beating(self) -> None:
        while True:
            began_s = self._clock.monotonic_s()
            await self.beat()
            await self._take_peers()
            await asyncio.sleep(max(0.0, BEAT_S - (self._clock.monotonic_s() - began_s)))

    async def beat(self) -> None:
        """Says that this gateway lives, and what is new. Raises what the store raises."""
        now_s, now_ms = self._clock.monotonic_s(), self._clock.now_ms()
        presence = self.presence_of()
        self._beat = max(self._beat + 1, now_ms)
        is_news = now_s - self._shown_s >= REFRESH_S or _essence(presence) != _essence(self._shown)
        if is_news or not await self._rows.beat(self.id, self._beat, None, now_ms=now_ms):
            await self._rows.beat(self.id, self._beat, encode_presence(presence), now_ms=now_ms)
            self._shown, self._shown_s = presence, now_s

    async def _take_peers(self) -> None:
        known = {id: peer.version for id, peer in self._peers.items()}
        rows = await self._rows.peers(self.id, known)
        now_s = self._clock.monotonic_s()
        changed = False
        for row in rows:
            changed |= self._take(row, now_s)
        present = {row.gateway_id for row in rows}
        for id, peer in list(self._peers.items()):
            if id not in present or now_s - peer.heard_s > SILENCE_S:
                del self._peers[id]
                changed = True
                log.warning("gateway_gone", gateway=id, name=peer.presence.name)
        if changed:
            self.on_peers()

    def _take(self, row: PeerRow, now_s: float) -> bool:
        """Whether something of it is new. A row that never changed while it was watched says nothing."""
        peer = self._peers.get(row.gateway_id)
        if row.presence is None:
            if peer is not None and peer.beat != row.beat:
                peer.beat, peer.heard_s = row.beat, now_s
            return False
        if peer is None and self._clock.now_ms() - row.beat > SILENCE_S * 1000:
            return False  # left by one that was killed
        try:
            presence = decode_presence(row.presence)
        except msgspec.DecodeError:
            log.warning("gateway_of_another_version", gateway=row.gateway_id)
            return False
        if peer is None:
            log.info("gateway_here", gateway=row.gateway_id, name=presence.name)
        self._peers[row.gateway_id] = Peer(row.beat, row.version, presence, now_s)
        return True

    # ── what was said ──

    async def _keep_looking(self) -> None:
        while True:
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._hinted.wait()
            self._hinted.clear()
            await asyncio.sleep(PAUSE_S)

    async def look(self) -> None:
        """Hears what was said since the last look. Raises what the store raises."""
        found = await self._rows.look(self._last)
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_s > FORGETFUL_S:
            self.on_bulletin(Bulletin(self._last, "", EVERYTHING))
        self._looked_s = now_s
        for bulletin in found.bulletins:
            self._last = bulletin.number
            try:
                self.on_bulletin(bulletin)
            except Exception:  # what cannot be heard must not stop what comes after it
                log.exception("bulletin_not_heard", kind=bulletin.kind)
        self.on_top(found.top)

    async def _keep_posting(self) -> None:
        while True:
            await self._to_post.wait()
            await self.flush()
            if not self._unposted:
                self._to_post.clear()

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await self._rows.forget(self._clock.now_ms() - KEPT_MS)


@dataclass(frozen=True, slots=True)
class _Saying:
    kind: str
    data: Mapping[str, Any]
    still: Callable[[], bool]


class _StillTrue:
    """Of what was to be said, what is true whenever this is gone through."""

    def __init__(self, said: Iterable[_Saying]) -> None:
        self._said = said

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((saying.kind, saying.data) for saying in self._said if saying.still())


def _always() -> bool:
    return True


def _essence(presence: Presence) -> Presence:
    """Without what changes all the time and is of little use."""
    clients = [msgspec.structs.replace(client, last_heard_ms=0) for client in presence.clients]
    return msgspec.structs.replace(presence, clients=clients, frames=0, messages=0)
