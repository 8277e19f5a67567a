"""The manifest says everything that is needed, once."""

from __future__ import annotations

import re

import pytest

from sightline.models.manifest import MODELS, Conversion, ModelEntry, ModelTask


def test_names_and_files_are_unique() -> None:
    assert len({entry.name for entry in MODELS}) == len(MODELS)
    assert len({entry.file for entry in MODELS}) == len(MODELS)


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.name)
def test_every_entry_is_complete(entry: ModelEntry) -> None:
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert re.fullmatch("[0-9a-f]{64}", entry.source.archive_sha256)
    assert entry.bytes > 0
    assert entry.licence
    assert "/" not in entry.file
    assert str(entry.source) == f"pypi:{entry.source.package}=={entry.source.version}:{entry.source.member}"
    assert (entry.input is not None) == (entry.task is not ModelTask.DEMO_PICTURE)
    assert (entry.min_score is not None) == (entry.task is ModelTask.FACE_DETECTOR)
    assert (entry.embedding is not None) == (entry.task is ModelTask.FACE_EMBEDDER)
    assert (entry.conversion is Conversion.NONE) == (entry.task is ModelTask.DEMO_PICTURE)
