"""The gallery as engines follow it: every added and every removed reference has a version, and versions only rise.

Negatives ("not this person") travel in the same order: a rejection reaches engines as a new photograph does.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, union_all

from sightline.deliveries.records import GalleryChanges
from sightline.events.gallery_feed import GalleryTemplate, NegativeTemplate
from sightline.stores import meta, schema
from sightline.stores.vault import Seal, Vault

__all__ = ["bury", "changes", "negative_context", "next_version", "template_context", "templates_of", "version"]

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
_FURTHER = schema.reference_templates.c
_ADDED_FURTHER = (
    select(
        _FURTHER.version, _REFERENCES.id, _REFERENCES.person_id, _FURTHER.model_id, _FURTHER.sealed_vector,
        schema.people.c.sealed_key,
    )
    .join(schema.person_references, _REFERENCES.id == _FURTHER.reference_id)
    .join(schema.people, schema.people.c.id == _REFERENCES.person_id)
    .where(_FURTHER.version > bindparam("since"), _FURTHER.model_id == bindparam("model"))
    .order_by(_FURTHER.version)
    .limit(bindparam("count"))
)  # fmt: skip
_REMOVED = (
    # Of every model: a reference may have had templates of several, and an id that nobody has is no harm to hear of.
    select(_TOMBSTONES.version, _TOMBSTONES.reference_id)
    .where(_TOMBSTONES.version > bindparam("since"))
    .order_by(_TOMBSTONES.version)
    .limit(bindparam("count"))
)


_NEGATIVES = schema.negatives.c
_REJECTED = (
    select(
        _NEGATIVES.version, _NEGATIVES.id, _NEGATIVES.person_id, _NEGATIVES.model_id, _NEGATIVES.sealed_vector,
        schema.people.c.sealed_key,
    )
    .join(schema.people, schema.people.c.id == _NEGATIVES.person_id)
    .where(_NEGATIVES.version > bindparam("since"), _NEGATIVES.model_id == bindparam("model"))
    .order_by(_NEGATIVES.version)
    .limit(bindparam("count"))
)  # fmt: skip
_FURTHER_NEGATIVES = schema.negative_templates.c
_REJECTED_FURTHER = (
    select(
        _FURTHER_NEGATIVES.version, _NEGATIVES.id, _NEGATIVES.person_id, _FURTHER_NEGATIVES.model_id,
        _FURTHER_NEGATIVES.sealed_vector, schema.people.c.sealed_key,
    )
    .join(schema.negatives, _NEGATIVES.id == _FURTHER_NEGATIVES.negative_id)
    .join(schema.people, schema.people.c.id == _NEGATIVES.person_id)
    .where(_FURTHER_NEGATIVES.version > bindparam("since"), _FURTHER_NEGATIVES.model_id == bindparam("model"))
    .order_by(_FURTHER_NEGATIVES.version)
    .limit(bindparam("count"))
)  # fmt: skip
_TEMPLATES_OF = union_all(
    select(_REFERENCES.id, _REFERENCES.model_id, _REFERENCES.sealed_vector).where(
        _REFERENCES.person_id == bindparam("person_id")
    ),
    select(_REFERENCES.id, _FURTHER.model_id, _FURTHER.sealed_vector)
    .join(schema.reference_templates, _FURTHER.reference_id == _REFERENCES.id)
    .where(_REFERENCES.person_id == bindparam("person_id"), _FURTHER.sealed_vector.is_not(None)),
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
    added = {
        row.version: row for query in (_ADDED, _ADDED_FURTHER) for row in connection.execute(query, parameters)
    }
    rejected = {
        row.version: row for query in (_REJECTED, _REJECTED_FURTHER) for row in connection.execute(query, parameters)
    }
    removed = {row.version: row.reference_id for row in connection.execute(_REMOVED, parameters)}
    versions = sorted(added.keys() | rejected.keys() | removed.keys())
    page, more = versions[:limit], len(versions) > limit
    seals: dict[str, Seal] = {}

    def opened(row: Row[*tuple[Any, ...]], context: str) -> bytes:
        seal = seals.get(row.person_id) or seals.setdefault(row.person_id, vault.person(row.person_id, row.sealed_key))
        return seal.open(row.sealed_vector, context)

    templates = [
        GalleryTemplate(
            reference_id=row.id, person_id=row.person_id, model_id=row.model_id,
            vector=opened(row, template_context(row.id, row.model_id)),
        )
        for row in (added[number] for number in page if number in added)
    ]  # fmt: skip
    negatives = [
        NegativeTemplate(
            negative_id=row.id, person_id=row.person_id, model_id=row.model_id,
            vector=opened(row, negative_context(row.id, row.model_id)),
        )
        for row in (rejected[number] for number in page if number in rejected)
    ]  # fmt: skip
    return GalleryChanges(
        version=page[-1] if more else newest,
        templates=templates,
        tombstones=[removed[number] for number in page if number in removed],
        more=more,
        reset=reset,
        negatives=negatives,
    )


def templates_of(connection: Connection, seal: Seal, person_id: str) -> list[tuple[str, bytes]]:
    """The model's id and the template of each of a person's references, of every model. Raises `StoreError`."""
    rows = connection.execute(_TEMPLATES_OF, {"person_id": person_id})
    return [(row.model_id, seal.open(row.sealed_vector, template_context(row.id, row.model_id))) for row in rows]


def template_context(reference_id: str, model_id: str) -> str:
    """What a sealed template is bound to."""
    return f"template/{reference_id}/{model_id}"


def negative_context(negative_id: str, model_id: str) -> str:
    """What a sealed negative is bound to."""
    return f"negative/{negative_id}/{model_id}"
