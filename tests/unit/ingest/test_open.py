from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.exceptions import SourceError
from sightline.ingest.open import open_source
from tests.videos import numbered, write_video


def refusal(spec: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(spec, timeout_s=0.2)
    return caught.value


@pytest.mark.parametrize("spec", ["gopher://host/x", "rtmp://admin:secret@host/x", "nonsense:", "concat:a|b", ""])
def test_an_unknown_kind_of_source_is_refused_for_good(spec: str) -> None:
    error = refusal(spec)
    assert error.permanent
    assert "rtsp://" in error.reason and "demo:" in error.reason
    assert "secret" not in error.reason


def test_files_by_path_and_by_url(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", [numbered(n) for n in range(3)])
    for spec in (str(path), f"file:{path}", f"file://{path}", f"  {path} "):
        source = open_source(spec)
        assert source.codec == "h264"
        source.close()


def test_a_file_that_is_not_there_or_is_no_video(tmp_path: Path) -> None:
    missing = tmp_path / "gone.mp4"
    assert refusal(str(missing)).reason == f"the file {missing} does not exist"
    assert refusal(str(tmp_path)).reason == f"the file {tmp_path} is a folder, not a video"
    text = tmp_path / "notes.mp4"
    text.write_text("these are notes")
    assert refusal(str(text)).reason == f"what {text} sends is not a video"
    assert not refusal(str(missing)).permanent


def test_a_playlist_opens_nothing_else(tmp_path: Path) -> None:
    video = write_video(tmp_path / "video.ts", [numbered(n) for n in range(3)], format="mpegts")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{video.name}\n#EXT-X-ENDLIST\n")
    refusal(str(playlist))


def test_the_demo_camera_says_what_it_needs(tmp_path: Path) -> None:
    assert "sightline models pull" in refusal("demo:").reason
    with pytest.raises(SourceError, match="sightline models pull"):
        open_source("demo:", demo_pictures=tmp_path)
    assert refusal("demo:who?").permanent


@given(st.text(max_size=30).filter(lambda text: not text.strip().lower().startswith(("rtsp", "http"))))
@settings(max_examples=200, deadline=None)
def test_any_text_is_opened_or_refused_in_words(text: str) -> None:
    try:
        source = open_source(text, timeout_s=0.1)
    except SourceError as error:
        assert error.reason
    else:
        source.close()
