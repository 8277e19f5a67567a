"""Which of several gateways behind one address answers what."""

from __future__ import annotations

import pytest

from sightline.gateway.cluster.merged_metrics import merged
from sightline.gateway.cluster.siblings import mark_of, owner_of
from sightline.handed import Handed, opened, sealed

COUNT = 3


def owner(path: str, query: str = "") -> int:
    return owner_of(path, query.encode(), here=2, count=COUNT)


@pytest.mark.parametrize(
    "path",
    ["/ws", "/ws/verify", "/ws/live/c1", "/ws/camera/c1", "/ws/engine", "/ws/engine/frames", "/whip/c1",
     "/whep/c1/0123", "/api/engine/blobs/b", "/api/engines", "/api/models", "/api/system", "/api/analyses/1/result.csv",
     "/api/workstations/connected", "/api/search", "/api/token", "/api/cameras", "/api/cameras/c1/footage/7",
     "/api/cameras/c1/stream.mjpeg", "/api/people/p1", "/api/people/p1/footage", "/api/what-is-new"],
)  # fmt: skip
def test_what_only_the_first_knows_is_its_own(path: str) -> None:
    assert owner(path) == 1


@pytest.mark.parametrize(
    "path",
    ["/", "/ws/v1", "/ws/field", "/ws/alerts/u1", "/ws/connections", "/health", "/metrics", "/api/health",
     "/api/alerts", "/api/alerts/a1/clip/video", "/api/token/refresh", "/api/ws-ticket", "/api/identify",
     "/api/people/p1/portrait", "/socket.io/", "/api/siblings/ask", "/assets/index.js"],
)  # fmt: skip
def test_all_else_is_answered_where_it_arrives(path: str) -> None:
    assert owner(path) == 2


def test_a_conversation_goes_on_where_it_began() -> None:
    assert owner("/socket.io/", f"EIO=4&transport=polling&sid={mark_of(3)}abc") == 3
    assert owner("/socket.io/", f"EIO=4&transport=polling&sid={mark_of(4)}abc") == 2, "there is no such gateway"
    assert owner("/socket.io/", "EIO=4&transport=polling&sid=abc") == 2
    assert owner("/api/cameras/c1/stream.mjpeg", f"quality=sd&token={mark_of(3)}secret") == 3
    assert owner("/api/cameras/c1/stream.mjpeg", f"token={mark_of(2)}secret") == 2
    assert owner("/api/cameras/c1/stream.mjpeg", "token=made-up") == 1
    assert owner("/api/alerts", f"token={mark_of(3)}secret") == 2, "that is no stream"
    assert owner("/api/cameras", f"token={mark_of(3)}secret") == 1


def test_samples_say_whose_they_are_and_families_stay_together() -> None:
    one = b'# HELP a An a.\n# TYPE a counter\na_total 1.0\n# HELP b A b.\n# TYPE b gauge\nb{x="y{}"} 2.0\n'
    other = b"# HELP a An a.\n# TYPE a counter\na_total 5.0\n# HELP c A c.\n# TYPE c gauge\nc 7.0\n"
    lines = merged({1: one, 2: other, 3: None}).decode().splitlines()
    assert lines == [
        "# HELP a An a.",
        "# TYPE a counter",
        'a_total{gateway="1"} 1.0',
        'a_total{gateway="2"} 5.0',
        "# HELP b A b.",
        "# TYPE b gauge",
        'b{gateway="1",x="y{}"} 2.0',
        "# HELP c A c.",
        "# TYPE c gauge",
        'c{gateway="2"} 7.0',
        "# HELP sightline_gateway_up Whether the gateway could be asked",
        "# TYPE sightline_gateway_up gauge",
        'sightline_gateway_up{gateway="1"} 1',
        'sightline_gateway_up{gateway="2"} 1',
        'sightline_gateway_up{gateway="3"} 0',
    ]


@pytest.mark.parametrize("value", ["", "é", "====", "AAAA", sealed(Handed(None, "http", "h"), "another")])
def test_only_a_sibling_can_say_whose_request_it_is(value: str) -> None:
    assert opened(value, "secret") is None
