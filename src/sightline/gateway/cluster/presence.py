"""What this gateway shows the others of itself."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.gateway.cluster.peers import PeerClient, Presence, highest
from sightline.gateway.gateway import Gateway

__all__ = ["join_cluster", "presence_of"]

LOOKED_UP = 200
"""Of more clients nobody asks which cameras they look at: they look at all."""


def join_cluster(gateway: Gateway) -> None:
    """Plugs what others say into the parts that need to know, and says how things are here."""
    cluster = gateway.cluster
    cluster.presence_of = lambda: presence_of(gateway)
    gateway.responders.peers = lambda: cluster.peers
    gateway.engines.peers = lambda: cluster.peers
    gateway.engines.on_observed = gateway.live.observed
    gateway.engines.pictures.on_pictured = gateway.live.pictured
    gateway.hub.wished_elsewhere = lambda: _wished(cluster.peers_by_id)
    gateway.streams.viewers.played_elsewhere = lambda: [place for peer in cluster.peers for place in peer.played]
    gateway.live.receiver = gateway.engines


def presence_of(gateway: Gateway) -> Presence:
    """How things are now."""
    clients = list(gateway.hub.clients)
    engines, cameras = gateway.engines.shown()
    fixes, received, in_the_field = gateway.responders.shown(gateway.clock.now_ms())
    elsewhere = {camera_id for peer in gateway.cluster.peers for camera_id in peer.cameras}
    if len(clients) > LOOKED_UP:
        wants = ["*"]
    else:
        wants = [camera_id for camera_id in elsewhere if any(client.wants(camera_id) for client in clients)]
    return Presence(
        name=gateway.cluster.name,
        clients=[
            PeerClient(
                client.user_id, client.user_name, client.client_type, client.dialect, client.connected_at_ms,
                client.last_heard_ms,
            )
            for client in clients
        ],
        engines=engines,
        cameras=cameras,
        fixes=fixes,
        received=received,
        in_the_field=in_the_field,
        wants=sorted(wants),
        pictures=highest(wish for client in clients for wish in client.wished_pictures().items()),
        played=sorted((camera_id, quality.value) for camera_id, quality in gateway.streams.viewers.played),
        frames=gateway.metrics.frames,
        messages=gateway.metrics.heard,
    )  # fmt: skip


def _wished(peers: Mapping[str, Presence]) -> dict[str, float]:
    return highest(wish for peer in peers.values() for wish in peer.pictures.items())
