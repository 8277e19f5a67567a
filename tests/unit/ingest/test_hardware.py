"""Decoding in hardware: tried once, and software wherever it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from av.codec.hwaccel import HWAccel

from sightline.exceptions import ConfigurationError
from sightline.ingest.container import VideoContainer
from sightline.ingest.hardware import KINDS, accelerator
from sightline.settings import Settings
from tests.videos import number_in, numbered, write_video


def test_what_this_build_cannot_do_is_said() -> None:
    # libav decodes with Intel's library through decoders of their own, never through that of H.264.
    with pytest.raises(ConfigurationError, match="this build of libav cannot decode with qsv"):
        accelerator("qsv")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_set_and_answers_or_says_why_not(kind: str) -> None:
    assert Settings(hardware_decoding=kind).hardware_decoding == kind
    try:
        assert isinstance(accelerator(kind), HWAccel)
    except ConfigurationError as error:
        assert kind in str(error)


def test_what_the_hardware_cannot_decode_is_decoded_all_the_same(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", [numbered(n) for n in range(5)])
    video = VideoContainer(
        str(path), shown="video", timeout_s=0.0, hardware=HWAccel("qsv", allow_software_fallback=True)
    )
    assert video.advance()
    assert number_in(video.picture()) == 0
    video.close()
