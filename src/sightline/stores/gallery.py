"""The gallery as engines follow it: every added and every removed reference has a version, and versions only rise."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select

from sightline.deliveries.records import GalleryChanges
from sightline.events.engine_link import GalleryTemplate
from sightline.stores import meta, schema
from sightline.stores.vault import Seal, Vault

__all__ = ["bury", "changes", "next_version", "template_context", "version"]

_REFERENCES = schema.person_references.c
_TOMBSTONES = schema.gallery_tombstones.c

_ADDED = (
    select(
        _REFERENCES.version, _REFERENCES.id, _REFERENCES.person_id, _REFERENCES.model_id, _REFERENCES.sealed_vector,
        schema.people.c.sealed_key,
    )
    .join(schema.people, schema.people.c.id == _REFERENCES.person_id)
    .where(_REFERENCES.version > bindparam("since"), _REFERENCES.model_id == bindparam("model"))
    .order_by(_REFERENCES.version)
    .limit(bindparam("count"))
)  # fmt: skip
_REMOVED = (
    select(_TOMBSTONES.version, _TOMBSTONES.reference_id)
    .where(_TOMBSTONES.version > bindparam("since"), _TOMBSTONES.model_id == bindparam("model"))
    .order_by(_TOMBSTONES.version)
    .limit(bindparam("count"))
)


def version(connection: Connection) -> int:
    """The version of the latest change."""
    return int(meta.get(connection, meta.GALLERY_VERSION))


def next_version(connection: Connection) -> int:
    """The version for a change made in this transaction."""
    following = version(connection) + 1
    meta.put(connection, meta.GALLERY_VERSION, str(following))
    return following


def bury(connection: Connection, reference_id: str, model_id: str) -> None:
    """Tells everybody who follows that a reference is gone."""
    row = {"version": next_version(connection), "reference_id": reference_id, "model_id": model_id}
    connection.execute(insert(schema.gallery_tombstones), row)


def changes(connection: Connection, vault: Vault, since: int, model_id: str, limit: int) -> GalleryChanges:
    """The changes after `since` of one model's templates, at most `limit`, in the order of their versions.

    A `since` that this gallery never had (0, another database's, one from after a restored backup) starts anew, with
    `reset`. Raises `StoreError` when a template was tampered with.
    """
    newest = version(connection)
    start = int(meta.get(connection, meta.GALLERY_START))
    reset = not start <= since <= newest
    parameters = {"since": start if reset else since, "model": model_id, "count": limit + 1}
    added = {row.version: row for row in connection.execute(_ADDED, parameters)}
    removed = {row.version: row.reference_id for row in connection.execute(_REMOVED, parameters)}
    versions = sorted(added.keys() | removed.keys())
    page, more = versions[:limit], len(versions) > limit
    seals: dict[str, Seal] = {}
    templates = []
    for row in (added[number] for number in page if number in added):
        seal = seals.get(row.person_id) or seals.setdefault(row.person_id, vault.person(row.person_id, row.sealed_key))
        vector = seal.open(row.sealed_vector, template_context(row.id, row.model_id))
        templates.append(
            GalleryTemplate(reference_id=row.id, person_id=row.person_id, model_id=row.model_id, vector=vector)
        )
    return GalleryChanges(
        version=page[-1] if more else newest,
        templates=templates,
        tombstones=[removed[number] for number in page if number in removed],
        more=more,
        reset=reset,
    )


def template_context(reference_id: str, model_id: str) -> str:
    """What a sealed template is bound to."""
    return f"template/{reference_id}/{model_id}"
