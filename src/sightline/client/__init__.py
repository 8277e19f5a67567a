"""The Python client: talk to a Sightline server from your own program.

`SightlineClient` is told what happens, and says what people decide, over a connection that keeps itself alive:

    async with SightlineClient("http://127.0.0.1:8000", token=token, device="desk-3") as client:
        async for event in client:
            match event:
                case AlertTriggered(alert=alert):
                    await client.ack(alert.alert_id, Verdict.CONFIRMED)

`RestClient` asks and changes everything else:

    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url="http://127.0.0.1:8000", headers=headers) as http:
        people = await RestClient(http).people()

A method returns when the server has done what was asked, and raises an exception of `sightline.exceptions` otherwise;
none of them leaves anything half done on the client's side, so any call may be made again.

How the parts of `SightlineClient` divide the work: `session` decides about the connection and `conversation` about what
is said over it, both without I/O; `native` and `link` do what they say. Invariants: an alert reaches the application
once for each id; `received` is said of nothing that the application has not finished with; an acknowledgement is kept
until the server has recorded or refused it; nothing grows without bound, however slow the application.
"""

from sightline.client.closing import Stopped, StopReason
from sightline.client.effects import AckRefused, AlertRefused, StreamRefused
from sightline.client.events import (
    Alert,
    AlertAccepted,
    AlertSnapshot,
    AlertTriggered,
    AlertUpdated,
    CameraChanged,
    CaughtUp,
    Connection,
    ConnectionChanged,
    ConnectionState,
    Crowd,
    DetectedObject,
    DetectionResult,
    DutyStatus,
    EngineChanged,
    Event,
    Face,
    FaceResult,
    Gap,
    PersonErased,
    Picture,
    Problem,
    QualityChanged,
    Recorded,
    Statistics,
    StreamFailed,
    StreamStarted,
    StreamStopped,
    StreamWanted,
    SystemStatus,
)
from sightline.client.native import SightlineClient, TokenProvider
from sightline.client.rest import RestClient
from sightline.events.alert import Verdict

__all__ = [
    "AckRefused",
    "Alert",
    "AlertAccepted",
    "AlertRefused",
    "AlertSnapshot",
    "AlertTriggered",
    "AlertUpdated",
    "CameraChanged",
    "CaughtUp",
    "Connection",
    "ConnectionChanged",
    "ConnectionState",
    "Crowd",
    "DetectedObject",
    "DetectionResult",
    "DutyStatus",
    "EngineChanged",
    "Event",
    "Face",
    "FaceResult",
    "Gap",
    "PersonErased",
    "Picture",
    "Problem",
    "QualityChanged",
    "Recorded",
    "RestClient",
    "SightlineClient",
    "Statistics",
    "StopReason",
    "Stopped",
    "StreamFailed",
    "StreamRefused",
    "StreamStarted",
    "StreamStopped",
    "StreamWanted",
    "SystemStatus",
    "TokenProvider",
    "Verdict",
]
