"""Every fault that a picture can have, through `/ws` and `POST /api/detect`, to a real engine: a clear error or the
right result, and the next picture is served. All pictures are made here; the faces in them are painted."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simplejpeg

from sightline.detections.faces import Faces
from sightline.detections.objects import Objects
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.stills import Stills
from sightline.frames import Image
from sightline.images import encode_jpeg
from tests.integration.gateway_app import GatewayRun, RunningGateway
from tests.painted_faces import COLOURS, PaintedDetector, PaintedEmbedder, paint, room
from tests.scripted_engine import scripted_engine

POISON_WIDTH = 322
"""In a picture of this width the detector finds a face that is nowhere (NaN)."""
FACE_AT = (400, 100)
SIDE = 80


class Detector(PaintedDetector):
    """Finds painted faces, and what is not a number in poisoned pictures."""

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        if image.shape[1] == POISON_WIDTH:
            nowhere = np.full((1, 4), np.nan, np.float32)
            return Faces(nowhere, np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
        return super().detect(image, scale=scale, min_score=min_score)


class Persons:
    """One person around everything."""

    name, device, labels = "painted-persons", "cpu", ("person",)

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        whole = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
        return Objects(whole, np.full(1, 0.9, np.float32), ("person",))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def png_that_claims(width: int, height: int) -> bytes:
    """A few hundred bytes of zeros that say they are a picture of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    zeros = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def jpeg_that_claims(width: int, height: int, bits: int = 8) -> bytes:
    """A JPEG of 640 × 360 px whose header says something else."""
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 4] + struct.pack(">BHH", bits, height, width) + JPEG[at + 9 :]


def rotated(jpeg: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    content = b"Exif\x00\x00" + b"II*\x00" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def animated(suffix: str) -> bytes:
    """Three pictures, the first with the face, as an animation."""
    animation = cv2.Animation()
    animation.frames = [PICTURE, room(), room()]
    animation.durations = [40, 40, 40]
    made, data = cv2.imencodeanimation(suffix, animation)
    assert made
    return bytes(data)


def sixty_megapixels() -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((6000, 10_000, 3), 128, np.uint8), colorspace="BGR", quality=50))


PICTURE = paint(room(), COLOURS["anna"], *FACE_AT, SIDE)
JPEG = encode_jpeg(PICTURE, quality=95)
SEEN = (640, 360, [[400, 100, 480, 180]])
TURNED = (360, 640, [[180, 400, 260, 480]])
"""The same, turned a quarter to the right."""
EMPTY: list[list[int]] = []
GIF = b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00" + (
    b"!\xf9\x04\x00\x0a\x00\x00\x00,\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x02\x84Q\x00" * 2 + b";"
)

CASES: dict[str, tuple[bytes, Any]] = {
    "jpeg": (JPEG, SEEN),
    "png": (png(PICTURE), SEEN),
    "webp": (cv2.imencode(".webp", PICTURE)[1].tobytes(), SEEN),
    "truncated.jpg": (JPEG[: len(JPEG) // 2], "INVALID_IMAGE"),
    "header-only.jpg": (JPEG[:20], "INVALID_IMAGE"),
    "truncated.png": (png(PICTURE)[:-2000], "INVALID_IMAGE"),
    "truncated.webp": (cv2.imencode(".webp", PICTURE)[1].tobytes()[:-2000], "INVALID_IMAGE"),
    "zero-bytes.jpg": (b"", "INVALID_IMAGE"),
    "zeros.jpg": (bytes(5000), "INVALID_IMAGE"),
    "text.jpg": (b"<html>not a picture</html>" * 50, "INVALID_IMAGE"),
    "60-megapixels.jpg": (sixty_megapixels(), (10_000, 6000, EMPTY)),
    "65-megapixels.png": (png_that_claims(13_000, 5000), "FRAME_TOO_LARGE"),
    "bomb.png": (png_that_claims(50_000, 50_000), "FRAME_TOO_LARGE"),
    "bomb.jpg": (jpeg_that_claims(65_500, 65_500), "FRAME_TOO_LARGE"),
    "lying-larger.jpg": (jpeg_that_claims(6000, 6000), "INVALID_IMAGE"),
    "lying-larger.png": (png_that_claims(4000, 4000), "INVALID_IMAGE"),
    "no-size.png": (png_that_claims(0, 0), "INVALID_IMAGE"),
    "12-bits.jpg": (jpeg_that_claims(640, 360, bits=12), "INVALID_IMAGE"),
    "cmyk.jpg": (
        bytes(simplejpeg.encode_jpeg(np.zeros((64, 64, 4), np.uint8), colorspace="CMYK")),
        "INVALID_IMAGE",
    ),
    "16-bits.png": (png(PICTURE.astype(np.uint16) * 257), SEEN),
    "grey.png": (png(room()[:, :, 0].copy()), (640, 360, EMPTY)),
    "transparent.png": (png(cv2.cvtColor(PICTURE, cv2.COLOR_BGR2BGRA)), SEEN),
    "animated.gif": (GIF, "INVALID_IMAGE"),
    "animated.png": (animated(".png"), SEEN),
    "animated.webp": (animated(".webp"), SEEN),
    "turned.jpg": (rotated(JPEG, 6), TURNED),
    "wrong-extension.jpg": (png(PICTURE), SEEN),
    "floats.tiff": (cv2.imencode(".tiff", PICTURE.astype(np.float32))[1].tobytes(), "INVALID_IMAGE"),
    "damaged.png": (png(PICTURE)[:200] + b"\x00" * 400 + png(PICTURE)[600:], "INVALID_IMAGE"),
    "one-pixel.png": (png(np.zeros((1, 1, 3), np.uint8)), (1, 1, EMPTY)),
    "thin.png": (png(np.zeros((2, 3000, 3), np.uint8)), (3000, 2, EMPTY)),
    "not-a-number.png": (png(np.zeros((40, POISON_WIDTH, 3), np.uint8)), "PROCESSING_ERROR"),
}


def check(name: str, event: str, data: dict[str, Any]) -> str | None:
    """What is wrong with the outcome, if anything is."""
    expected = CASES[name][1]
    if isinstance(expected, str):
        told = bool(data.get("message")) and "Traceback" not in json.dumps(data)
        return None if event == "error" and data["code"] == expected and told else f"{name}: {event} {data}"
    width, height, boxes = expected
    if event != "detection_result" or (data["width"], data["height"]) != (width, height):
        return f"{name}: {event} {str(data)[:300]}"
    found = np.array([face["bbox"] for face in data["faces"]]).reshape(-1, 4)
    right = found.shape == (len(boxes), 4) and np.allclose(found, np.array(boxes).reshape(-1, 4), atol=3)
    return None if right and len(data["bodies"]) == 1 else f"{name}: {found}"


@contextlib.asynccontextmanager
async def seeing(gateway: RunningGateway, spool: Path) -> AsyncIterator[None]:
    """A real engine at this gateway, with painted models."""
    stop = asyncio.Event()
    stills = Stills(Analyser(Detector(), PaintedEmbedder()), objects=Persons())
    engine = scripted_engine(GatewayAddress(gateway.url, gateway.engine_token), spool, analyser=stills)
    running = asyncio.create_task(engine.run(stop))
    await gateway.until(lambda: gateway.gateway.engines.links)
    try:
        yield
    finally:
        stop.set()
        await running


async def test_every_fault_is_told_and_the_next_picture_is_served(gateway_run: GatewayRun, tmp_path: Path) -> None:
    gateway = await gateway_run.start()
    wrong: list[str | None] = []
    async with seeing(gateway, tmp_path / "spool"), gateway.http() as http:
        headers = {"Authorization": f"Bearer {(await gateway.user('olga'))[1]}"}
        async with gateway.socket("/ws", additional_headers=headers) as socket:
            await socket.recv()
            for name, (content, _) in CASES.items():
                for sent in (name, "jpeg"):
                    frame = base64.b64encode(content if sent == name else JPEG).decode()
                    await socket.send(json.dumps({"event": "process_frame", "data": {"frame": frame}}))
                    answer = json.loads(await socket.recv())
                    wrong.append(check(sent, answer["event"], answer["data"]))
        files = [("images", (name, content, "image/jpeg")) for name, (content, _) in CASES.items()]
        results = (await http.post("/api/detect", files=files)).json()["results"]
        assert [one["filename"] for one in results] == list(CASES)
        wrong += [check(one["filename"], one["event"], one["data"]) for one in results]
        for name in ("truncated.jpg", "bomb.png", "not-a-number.png", "turned.jpg"):
            answer = await http.post("/api/detect", files={"image": (name, CASES[name][0])})
            body, event = answer.json(), "detection_result" if answer.is_success else "error"
            code = body.get("code", "PROCESSING_ERROR")
            wrong.append(check(name, event, {"message": body.get("detail"), **body, "code": code}))
            assert answer.status_code in (200, 422, 503)
    assert [one for one in wrong if one] == []
