"""The manifest says everything that is needed, once."""

from __future__ import annotations

import re

import pytest

from sightline.models.families import FAMILIES
from sightline.models.manifest import (
    MANIFEST,
    MODELS,
    Conversion,
    ModelEntry,
    ModelTask,
    PackageMember,
    Tier,
    WebFile,
    entry_named,
)


def test_names_and_files_are_unique() -> None:
    assert len({entry.name for entry in MANIFEST}) == len(MANIFEST)
    assert len({entry.file for entry in MANIFEST}) == len(MANIFEST)
    assert [entry_named(entry.name) for entry in MANIFEST] == list(MANIFEST)
    assert entry_named("another") is None


def test_what_is_fetched_by_default_needs_nothing_but_packages() -> None:
    assert {entry for entry in MANIFEST if entry.tier is Tier.EMBEDDED} == set(MODELS)
    assert all(isinstance(entry.source, PackageMember) for entry in MODELS)


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry.name)
def test_every_entry_is_complete(entry: ModelEntry) -> None:
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert entry.bytes > 0
    assert entry.permissive
    assert "/" not in entry.file
    assert "/" not in entry.source_file_name
    assert (entry.input is not None) == (entry.task is not ModelTask.DEMO_PICTURE)
    assert (entry.min_score is not None) == (entry.task in (ModelTask.FACE_DETECTOR, ModelTask.OBJECT_DETECTOR))
    assert (entry.embedding is not None) == (entry.task is ModelTask.FACE_EMBEDDER)
    assert entry.family in FAMILIES.get(entry.task, (None,))


@pytest.mark.parametrize("entry", [entry for entry in MANIFEST if isinstance(entry.source, WebFile)])
def test_addresses_are_of_one_host_each_and_encrypted(entry: ModelEntry) -> None:
    assert str(entry.source).startswith("https://")
    assert str(entry.source).endswith(f"/{entry.source_file_name}")


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.name)
def test_every_package_is_pinned(entry: ModelEntry) -> None:
    assert isinstance(entry.source, PackageMember)
    assert re.fullmatch("[0-9a-f]{64}", entry.source.archive_sha256)
    assert str(entry.source) == f"pypi:{entry.source.package}=={entry.source.version}:{entry.source.member}"
    assert (entry.conversion is Conversion.NONE) == (entry.task is ModelTask.DEMO_PICTURE)
