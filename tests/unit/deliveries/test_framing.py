"""Framing, against the parser of the `websockets` library."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as Parsed
from websockets.frames import Opcode
from websockets.streams import StreamReader

from sightline.deliveries.framing import (
    DEFLATE_FROM_BYTES,
    DEFLATE_WINDOW_BITS,
    Bundle,
    Frame,
    binary_frame,
    deflated_frame,
    short_text,
    text_frame,
)

EDGES = st.sampled_from([0, 1, 124, 125, 126, 127, 255, 256, 65_535, 65_536, 65_537])
TEXTS = st.one_of(st.text(max_size=300), EDGES.map("x".__mul__), EDGES.map("ä".__mul__))
BYTES = st.one_of(st.binary(max_size=300), EDGES.map(b"\xff".__mul__))


def parsed(data: bytes, *, deflated: bool = False) -> list[Parsed]:
    """Every frame, as a client reads them: one after the other, with one inflater that forgets after each."""
    extension = PerMessageDeflate(
        remote_no_context_takeover=True,
        local_no_context_takeover=True,
        remote_max_window_bits=DEFLATE_WINDOW_BITS,
        local_max_window_bits=DEFLATE_WINDOW_BITS,
    )
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    frames = []
    while reader.buffer:
        parsing = Parsed.parse(reader.read_exact, mask=False, extensions=[extension] if deflated else [])
        try:
            while True:
                next(parsing)
        except StopIteration as end:
            frames.append(end.value)
    return frames


@given(TEXTS)
def test_text(text: str) -> None:
    (frame,) = parsed(text_frame(text))
    assert (frame.opcode, frame.fin, frame.rsv1, bytes(frame.data).decode()) == (Opcode.TEXT, True, False, text)


@given(BYTES)
def test_bytes(data: bytes) -> None:
    (frame,) = parsed(binary_frame(data))
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.BINARY, True, data)


@given(TEXTS)
def test_compressed_text(text: str) -> None:
    (frame,) = parsed(deflated_frame(text), deflated=True)
    assert (frame.opcode, frame.fin, bytes(frame.data).decode()) == (Opcode.TEXT, True, text)


@given(st.lists(st.one_of(TEXTS, BYTES), max_size=6))
def test_bundle_is_its_messages_in_order(payloads: list[str | bytes]) -> None:
    bundle = Bundle([Frame(payload) for payload in payloads])
    wanted = [payload.encode() if isinstance(payload, str) else payload for payload in payloads]
    assert [bytes(frame.data) for frame in parsed(bundle.plain)] == wanted
    assert [bytes(frame.data) for frame in parsed(bundle.deflated, deflated=True)] == wanted


def test_what_does_not_gain_is_not_compressed() -> None:
    long = json.dumps({"faces": [[1, 2, 3, 4]] * 100})
    assert len(Frame(long).deflated) < len(Frame(long).plain) / 4
    for payload in ("x" * (DEFLATE_FROM_BYTES - 1), b"\xff\xd8" * 1000):
        assert Frame(payload).deflated == Frame(payload).plain


def test_frames_are_made_once() -> None:
    frame = Frame("x" * 1000)
    assert frame.plain is frame.plain
    assert frame.deflated is frame.deflated
    bundle = Bundle([frame, frame])
    assert bundle.plain is bundle.plain
    assert bundle.deflated is bundle.deflated
    assert frame.messages == (frame,)


MASKS = st.binary(min_size=4, max_size=4)


def masked(opcode: Opcode, payload: bytes, mask: bytes, *, fin: bool = True) -> bytes:
    """A frame as a client writes it, by the library."""
    frame = Parsed(opcode, payload, fin=fin).serialize(mask=True)
    head = len(frame) - len(payload) - 4
    coded = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return frame[:head] + mask + coded


@given(st.binary(max_size=130), MASKS)
def test_a_short_text_is_read_as_the_library_reads_it(payload: bytes, mask: bytes) -> None:
    read = short_text(masked(Opcode.TEXT, payload, mask))
    assert read == (payload if len(payload) < 126 else None)


@given(st.binary(min_size=1, max_size=130), MASKS, st.data())
def test_what_is_not_just_one_short_text_is_left_to_the_library(
    payload: bytes, mask: bytes, data: st.DataObject
) -> None:
    frame = masked(Opcode.TEXT, payload, mask)
    cut = data.draw(st.integers(0, len(frame) - 1))
    assert short_text(frame[:cut]) is None
    assert short_text(frame + frame) is None
    assert short_text(frame + b"\x81") is None
    assert short_text(masked(Opcode.BINARY, payload, mask)) is None
    assert short_text(masked(Opcode.CONT, payload, mask)) is None
    assert short_text(masked(Opcode.TEXT, payload, mask, fin=False)) is None
    assert short_text(bytes((frame[0] | 0x40,)) + frame[1:]) is None, "compressed"
    assert short_text(text_frame("not masked")) is None


@given(st.binary(max_size=140))
def test_rubbish_is_no_short_text(data: bytes) -> None:
    read = short_text(data)
    assert read is None or len(read) == len(data) - 6
