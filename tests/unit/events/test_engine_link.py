from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.events import engine_link as link
from sightline.events.fact import (
    Accepted,
    Attack,
    CrowdChanged,
    Fact,
    Identified,
    LineCrossed,
    ObjectLook,
    ObjectSeen,
    SourceState,
    TrackSample,
    Unknown,
    What,
)
from sightline.events.footage import (
    FindFootage,
    FootageListed,
    FootagePiece,
    FootageSpan,
    FootageSpans,
    ListFootage,
    SendFootage,
)
from sightline.events.gallery_feed import GalleryPage, GallerySince, GalleryTemplate, NegativeTemplate
from sightline.events.lease import Beat, Lease, Leaving
from sightline.events.live_video import HideVideo, ShowVideo
from sightline.events.observation import CrowdSeen, Observation
from sightline.events.peer import Answer, EndSession, Offer, PushedPicture, SessionEnded
from sightline.events.scene import CrowdWatch, Direction, Line, Liveness, Scene, Zone
from sightline.events.schedule import Schedule, Shift
from sightline.events.still import Analyse, Analysis, Draw, Drawn, DrawnBox, Examine, Examined, StopExamining
from tests.unit.engine.facts import make_sighting

FACT = Fact(
    key="k", camera_id="c", timestamp=5, width=1, height=2, blobs={"snapshot": "b"},
    what=Identified(
        track_id="t", person_id="p", reference_id="r", similarity=0.9, margin=0.1, first_seen=4, bbox=(1, 2, 3, 4),
        model_id="m", samples=[TrackSample(frame_id=1, timestamp=4, quality=0.5, reasons=["small"])],
    ),
)  # fmt: skip
UNKNOWN = Unknown(
    track_id="t", subject_id="s", nearest_similarity=None, first_seen=1, bbox=(0, 0, 1, 1), model_id="m", samples=[]
)
CROWD = CrowdSeen(face_count=1, body_count=12, crowd_level="very_high", density_score=0.4, zones={"hall": 12})
OF_SCENES: list[What] = [
    ObjectSeen(
        track_id="t", label="phone", confidence=0.6, first_seen=1, bbox=(0, 0, 1, 1), model_id="m", zone="desk",
        looks=[ObjectLook(frame_id=1, timestamp=2, confidence=0.6)],
    ),
    LineCrossed(
        track_id="t", label="person", line="door", direction=Direction.IN, first_seen=1, bbox=(0, 0, 1, 1)
    ),
    CrowdChanged(crowded=True, people=12, most=13, threshold=10, since=3, crowd=CROWD, zone="hall"),
    Attack(track_id="t", score=0.1, scores=[0.1, 0.1], first_seen=1, bbox=(0, 0, 1, 1), model_id="m"),
]  # fmt: skip
SCENE = Scene(
    masks=(((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)),),
    zones=(Zone(name="hall", polygon=((0, 0), (1, 0), (1, 1))),),
    lines=(Line(name="door", start=(0, 0), end=(1, 1)),),
    crowds=(CrowdWatch(threshold=5, zone="hall", schedule=Schedule("Europe/Berlin", (Shift(0, 1, 2),))),),
    liveness=Liveness.REQUIRE, objects_fps=1.0, pictured=("person",), record=True,
)  # fmt: skip
FROM_ENGINES: list[link.EngineMessage] = [
    link.Hello(engine_id="e", version="1", capacity=1, devices=["cpu"], models=[link.ModelReport(task="t")]),
    GallerySince(version=3, model_id="m"),
    Observation(camera_id="c", frame_id=1, timestamp=2, width=3, height=4, faces=[]),
    Observation(camera_id="c", frame_id=1, timestamp=2, width=3, height=4, faces=[], crowd=CROWD),
    link.CameraReport(camera_id="c", state="online", reason="", since=1),
    FACT,
    Drawn(request_id="r", picture=b"x"),
    Beat(number=3, holds=["c"], clock_offset=-5),
    Leaving(),
    msgspec.structs.replace(FACT, what=UNKNOWN),
    msgspec.structs.replace(FACT, what=SourceState(state="offline", reason="gone", offline_ms=5)),
    *(msgspec.structs.replace(FACT, what=what) for what in OF_SCENES),
    make_sighting(1),
    Analysis(request_id="r", error="no"),
    Examined(job_id="j", state="running", file=1, share=0.5, frames=7),
    link.SourceProbed(request_id="r", ok=True, message="", picture=b"\xff\xd8"),
    Answer(request_id="r", answer="v=0"),
    FootageListed(request_id="r", pieces=[FootagePiece(starts_at=1, duration_ms=30_000, size_bytes=5)], stopped="full"),
    FootageSpans(
        request_id="r", spans={"c": [FootageSpan(starts_at=1, ends_at=2, pieces=3, size_bytes=4)]}, deleted=1
    ),
    SessionEnded(session_id="s", reason="another device publishes to this camera now"),
    Answer(request_id="r", error="no", error_code="INVALID_OFFER"),
    link.Status(load=0.5, cameras=1, spool_facts=0, spool_bytes=0, stage_ms={"decode": 1.5}),
    link.Status(
        load=0, cameras=0, spool_facts=0, spool_bytes=0, model_id="m", prepared=link.Prepared(embedding_model="e")
    ),
]
FROM_GATEWAYS: list[link.GatewayMessage] = [
    link.Welcome(server_time=1, gallery_version=2),
    link.Assign(camera=link.CameraSpec(id="c", source="s", analysis_fps=5.0)),
    link.Assign(camera=link.CameraSpec(id="c", source="s", analysis_fps=5.0, scene=SCENE)),
    link.Revoke(camera_id="c"),
    link.Watch(camera_id="c"),
    link.Unwatch(camera_id="c"),
    ShowVideo(camera_id="c", quality="sd", fps=10.0, max_side=960),
    HideVideo(camera_id="c", quality="sd"),
    link.UseModels(face_model="yunet", embedding_model="sface", prepare="sface-int8"),
    Examine(job_id="j", files=["a.mp4"], fps=5.0, annotate=True, max_seconds=60.0),
    StopExamining(job_id="j"),
    Analyse(request_id="r", image=b"x", tasks=("faces", "objects"), max_side=640, background=True),
    Analyse(request_id="r", image=b"x", tasks=("identify",), verify="p"),
    Draw(request_id="r", image=b"x", boxes=[DrawnBox(bbox=(1, 2, 3, 4), words="phone 0.90")]),
    link.ProbeSource(request_id="r", source="s"),
    GalleryPage(
        version=1, tombstones=["x"], more=True, reset=True,
        templates=[GalleryTemplate(reference_id="r", person_id="p", model_id="m", vector=b"\0")],
        negatives=[NegativeTemplate(negative_id="n", person_id="p", model_id="m", vector=b"\1")],
    ),
    Accepted(key="k"),
    Offer(request_id="r", session_id="s", camera_id="c", direction="play", offer="v=0", quality="hd"),
    EndSession(session_id="s", camera_id="c"),
    ListFootage(request_id="r", camera_id="c", since=1, until=2),
    FindFootage(request_id="r", within={"c": [(1, 2)]}, delete=True),
    SendFootage(request_id="r", camera_id="c", starts_at=1),
    Lease(beat=3, length_ms=6_000, server_time=1),
    PushedPicture(session_id="s", camera_id="c", timestamp=5, jpeg=b"\xff\xd8"),
]  # fmt: skip


@pytest.mark.parametrize("message", FROM_ENGINES, ids=lambda message: type(message).__name__)
def test_engine_messages_survive_the_wire(message: link.EngineMessage) -> None:
    assert link.decode_engine_message(link.encode(message)) == message


@pytest.mark.parametrize("message", FROM_GATEWAYS, ids=lambda message: type(message).__name__)
def test_gateway_messages_survive_the_wire(message: link.GatewayMessage) -> None:
    assert link.decode_gateway_message(link.encode(message)) == message


def test_every_kind_of_message_is_tried() -> None:
    assert {type(message) for message in FROM_ENGINES} == set(link.EngineMessage.__args__)
    assert {type(message) for message in FROM_GATEWAYS} == set(link.GatewayMessage.__args__)


@given(st.binary(max_size=300))
def test_nothing_but_decode_errors_escapes(data: bytes) -> None:
    for decode in (link.decode_engine_message, link.decode_gateway_message):
        with contextlib.suppress(msgspec.DecodeError):
            decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x81\xa4type\xa4fact",
        b"\x81\xa4type\xa2\xff\xff",
        b"\x82\xa4type\xa6status\xa1x" + b"\x91" * 5_000 + b"\xc0",
        b"\xdf\xff\xff\xff\xff",
        link.encode(FACT)[:-1],
    ],
    ids=["nothing", "no opcode", "fields missing", "no text", "nested without end", "endless map", "cut off"],
)
def test_what_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        link.decode_engine_message(data)
    with pytest.raises(msgspec.DecodeError):
        link.decode_gateway_message(data)
