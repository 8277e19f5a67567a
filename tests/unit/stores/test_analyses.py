"""The folder of analysis jobs."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from sightline.analyses import AnalysisJob, UploadedFile
from sightline.exceptions import NotFound, Unavailable
from sightline.stores.analyses import AnalysisFolder


def job(id: str = "ab12ab12", created_at_ms: int = 1) -> AnalysisJob:
    files = (UploadedFile(name="a.mp4", size_bytes=7),)
    return AnalysisJob(id=id, owner_id="u", files=files, fps=5, annotate=True, created_at_ms=created_at_ms)


def test_jobs_are_kept_with_their_files_until_they_are_removed(tmp_path: Path) -> None:
    folder = AnalysisFolder(tmp_path / "analyses")
    assert folder.jobs() == []
    assert folder.used_bytes() == 0
    assert folder.keep_input("ab12ab12", 0, io.BytesIO(b"content")) == 7
    folder.save(job())
    folder.save(msgspec.structs.replace(job(), frames=9))
    folder.save(job("cd34cd34", created_at_ms=0))
    again = AnalysisFolder(tmp_path / "analyses")
    assert [(one.id, one.frames) for one in again.jobs()] == [("cd34cd34", 0), ("ab12ab12", 9)]
    assert again.input_path("ab12ab12", 0).read_bytes() == b"content"
    with again.open_result("ab12ab12", "annotated-0.webm") as file:
        file.write(b"video")
    assert again.result_path("ab12ab12", "annotated-0.webm").read_bytes() == b"video"
    assert again.used_bytes() > 12
    again.drop_inputs("ab12ab12")
    with pytest.raises(NotFound):
        again.input_path("ab12ab12", 0)
    again.remove("ab12ab12")
    assert [one.id for one in folder.jobs()] == ["cd34cd34"]


def test_what_a_crash_left_half_made_goes(tmp_path: Path) -> None:
    folder = AnalysisFolder(tmp_path)
    folder.keep_input("ab12ab12", 0, io.BytesIO(b"content"))
    (tmp_path / "ef56ef56").mkdir()
    (tmp_path / "ef56ef56" / "job.json").write_text("{")
    assert folder.jobs() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "job.json", "../x", "result.jsonl/..", "annotated-0.sh", "annotated-x.webm"])
def test_only_names_that_results_have_are_read_or_written(tmp_path: Path, name: str) -> None:
    folder = AnalysisFolder(tmp_path)
    folder.save(job())
    with pytest.raises(NotFound):
        folder.open_result("ab12ab12", name)
    with pytest.raises(NotFound):
        folder.result_path("ab12ab12", name)


@pytest.mark.parametrize("job_id", ["", "..", "../..", "AB12AB12", "a/b"])
def test_only_ids_that_jobs_have_are_looked_for(tmp_path: Path, job_id: str) -> None:
    with pytest.raises(NotFound):
        AnalysisFolder(tmp_path).input_path(job_id, 0)


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "analyses").write_text("not a folder")
    folder = AnalysisFolder(tmp_path / "analyses")
    with pytest.raises(Unavailable, match="cannot be kept"):
        folder.save(job())
    with pytest.raises(Unavailable, match="cannot be kept"):
        folder.keep_input("ab12ab12", 0, io.BytesIO(b"x"))
