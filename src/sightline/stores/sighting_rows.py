"""Sightings as rows: how one is read and sealed, how it changes its owner, and how it is removed.

A sighting's sample and template are sealed with a key of its own. That key is wrapped by the key of the person it
names, of the stranger it is grouped with, or by the master key: whoever's key is destroyed, their sightings are gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, update

from sightline.exceptions import NotFound
from sightline.identities.sighting import NewSighting, Sighting
from sightline.stores import clip_rows, meta, schema
from sightline.stores.ids import new_id
from sightline.stores.media import INCOMING
from sightline.stores.vault import Seal, Vault

__all__ = [
    "DONE",
    "DUE",
    "JOIN",
    "SIGHTINGS",
    "Owners",
    "chunks",
    "doom_alerts",
    "drop_empty",
    "embed",
    "get",
    "move",
    "record",
    "remove",
    "sample_context",
    "sample_of",
    "seal_of",
    "template_context",
    "write_new",
]

T = TypeVar("T")

DUE, JOIN, DONE = "due", "join", "done"
"""To be grouped; to be grouped only where there is a group already; not to be grouped (any more)."""

_ROWS = schema.sightings.c
_PICTURES = schema.alert_pictures.c
_OWN = schema.strangers.alias("own")
_ROOT = schema.strangers.alias("root")

SIGHTINGS = (
    select(
        _ROWS.id, _ROWS.key, _ROWS.track_id, _ROWS.camera_id, _ROWS.model_id, _ROWS.first_seen_ms, _ROWS.last_seen_ms,
        _ROWS.person_id, _ROOT.c.id.label("stranger_id"), _ROOT.c.number.label("stranger_number"), _ROWS.similarity,
        _ROWS.quality, _ROWS.live, _ROWS.width_px, _ROWS.samples,
    )
    .outerjoin(_OWN, _OWN.c.id == _ROWS.stranger_id)
    .outerjoin(_ROOT, _ROOT.c.id == _OWN.c.root_id)
)  # fmt: skip
"""All sightings; narrow and order it, and read its rows with `record`."""

_BY_ID = SIGHTINGS.where(_ROWS.id == bindparam("sighting_id"))
_WITH_TRACK = select(_ROWS.id).where(_ROWS.track_id == bindparam("track_id"))
_SEALED = select(
    _ROWS.id, _ROWS.model_id, _ROWS.person_id, _ROWS.stranger_id, _ROWS.sealed_key, _ROWS.sealed_vector
).where(_ROWS.id.in_(bindparam("ids", expanding=True)))
_SAMPLE = select(schema.sighting_samples.c.sealed_sample).where(
    schema.sighting_samples.c.sighting_id == bindparam("sighting_id")
)
_CHUNK = 500
"""Rows a statement may ask for by id."""


class Owners:
    """The seals of people and strangers, each opened once; for one transaction."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault
        self._seals: dict[str, Seal] = {}

    def of(self, person_id: str | None, stranger_id: str | None) -> Seal:
        """The seal that wraps the keys of this person's or stranger's sightings; with neither, the master key's.

        Raises `NotFound` when they are gone.
        """
        owner = person_id or stranger_id
        if owner is None:
            return self._vault.master
        found = self._seals.get(owner)
        if found is None:
            found = self._seals[owner] = self._person(owner) if person_id is not None else self._stranger(owner)
        return found

    def _person(self, person_id: str) -> Seal:
        key = self._connection.execute(
            select(schema.people.c.sealed_key).where(schema.people.c.id == person_id)
        ).scalar_one_or_none()
        if key is None:
            raise NotFound("person", person_id)
        return self._vault.person(person_id, key)

    def _stranger(self, stranger_id: str) -> Seal:
        key = self._connection.execute(
            select(schema.strangers.c.sealed_key).where(schema.strangers.c.id == stranger_id)
        ).scalar_one_or_none()
        if key is None:
            raise NotFound("stranger", stranger_id)
        return self._vault.opened(stranger_id, key)


def record(row: Mapping[Any, Any]) -> Sighting:
    """A row of `SIGHTINGS`."""
    return Sighting(**row)


def get(connection: Connection, sighting_id: str) -> Sighting:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"sighting_id": sighting_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("sighting", sighting_id)
    return record(row)


def write_new(connection: Connection, vault: Vault, new: NewSighting, grouping: str, now_ms: int) -> bool:
    """Writes a sighting; false when its track has left one before. Raises `NotFound` when its person is gone."""
    if connection.execute(_WITH_TRACK, {"track_id": new.track_id}).first() is not None:
        return False
    sighting_id = new_id(now_ms)
    owner = Owners(connection, vault).of(new.person_id, None)
    sealed_key = vault.new_key(sighting_id, owner)
    seal = vault.opened(sighting_id, sealed_key, owner)
    version = meta.count(connection, meta.SIGHTINGS_VERSION)
    connection.execute(
        insert(schema.sightings),
        {
            "id": sighting_id,
            "key": version,
            "version": version,
            "track_id": new.track_id,
            "camera_id": new.camera_id,
            "model_id": new.model_id,
            "first_seen_ms": new.first_seen_ms,
            "last_seen_ms": new.last_seen_ms,
            "person_id": new.person_id,
            "stranger_id": None,
            "grouping": grouping,
            "similarity": new.similarity,
            "quality": new.quality,
            "live": new.live,
            "width_px": new.width_px,
            "samples": new.samples,
            "sealed_key": sealed_key,
            "sealed_vector": seal.seal(new.vector, template_context(sighting_id, new.model_id)),
        },
    )
    sample = {"sighting_id": sighting_id, "sealed_sample": seal.seal(new.sample, sample_context(sighting_id))}
    connection.execute(insert(schema.sighting_samples), sample)
    return True


def seal_of(connection: Connection, vault: Vault, sighting_id: str) -> tuple[Seal, str, bytes]:
    """The seal of a sighting, its model's id and its template. Raises `NotFound`, `StoreError`."""
    row = connection.execute(_SEALED, {"ids": [sighting_id]}).one_or_none()
    if row is None:
        raise NotFound("sighting", sighting_id)
    owner = Owners(connection, vault).of(row.person_id, row.stranger_id)
    seal = vault.opened(row.id, row.sealed_key, owner)
    return seal, row.model_id, seal.open(row.sealed_vector, template_context(row.id, row.model_id))


def sample_of(connection: Connection, vault: Vault, sighting_id: str) -> bytes:
    """The JPEG of a sighting's best sample. Raises `NotFound`, `StoreError`."""
    seal, _, _ = seal_of(connection, vault, sighting_id)
    sealed = connection.execute(_SAMPLE, {"sighting_id": sighting_id}).scalar_one()
    return seal.open(sealed, sample_context(sighting_id))


def embed(connection: Connection, vault: Vault, sighting_id: str, model_id: str, vector: bytes) -> None:
    """Gives a sighting the template of another model in place of its own. Raises `NotFound`, `StoreError`."""
    seal, _, _ = seal_of(connection, vault, sighting_id)
    values = {
        "model_id": model_id,
        "sealed_vector": seal.seal(vector, template_context(sighting_id, model_id)),
        "version": meta.count(connection, meta.SIGHTINGS_VERSION),
        "no_face_model_id": None,
    }
    connection.execute(update(schema.sightings).where(_ROWS.id == sighting_id).values(values))


def move(
    connection: Connection, vault: Vault, sighting_ids: Iterable[str], *, person_id: str | None = None,
    stranger_id: str | None = None, grouping: str = DONE,
) -> int:  # fmt: skip
    """Gives sightings to a person or to a stranger, or to nobody; answers how many."""
    owners, moved = Owners(connection, vault), 0
    after = owners.of(person_id, stranger_id)
    for some in chunks(sighting_ids):
        for row in connection.execute(_SEALED, {"ids": some}).all():
            before = owners.of(row.person_id, row.stranger_id)
            values = {
                "person_id": person_id,
                "stranger_id": stranger_id,
                "grouping": grouping,
                "sealed_key": vault.rewrap(row.id, row.sealed_key, before, after),
                "version": meta.count(connection, meta.SIGHTINGS_VERSION),
            }
            connection.execute(update(schema.sightings).where(_ROWS.id == row.id).values(values))
            moved += 1
    return moved


def remove(connection: Connection, sighting_ids: Iterable[str]) -> int:
    """Destroys sightings and tells everybody who follows; answers how many."""
    removed = 0
    for some in chunks(sighting_ids):
        connection.execute(
            delete(schema.sighting_samples).where(schema.sighting_samples.c.sighting_id.in_(some))
        )
        keys = connection.execute(delete(schema.sightings).where(_ROWS.id.in_(some)).returning(_ROWS.key)).scalars()
        tombstones = [{"version": meta.count(connection, meta.SIGHTINGS_VERSION), "key": key} for key in keys.all()]
        if tombstones:
            connection.execute(insert(schema.sighting_tombstones), tombstones)
        removed += len(tombstones)
    return removed


def doom_alerts(connection: Connection, track_ids: Iterable[str]) -> tuple[int, int]:
    """Dooms the pictures of alerts that said of these tracks that they show nobody known; answers how many alerts and
    pictures. The trace of such an alert no longer names a stranger."""
    alerts = pictures = 0
    for some in chunks(track_ids):
        events = select(schema.events.c.id).where(schema.events.c.key.in_([f"{track}:unknown" for track in some]))
        found = select(schema.alerts.c.id, schema.alerts.c.why).where(schema.alerts.c.event_id.in_(events))
        rows = connection.execute(found).all()
        for row in rows:
            without = {key: value for key, value in row.why.items() if key != "stranger"}
            connection.execute(update(schema.alerts).where(schema.alerts.c.id == row.id).values(why=without))
        theirs = _PICTURES.alert_id.in_([row.id for row in rows])
        # Both places: the file lies under its blob's name until it was moved.
        for place in (_PICTURES.path, literal(f"{INCOMING}/") + _PICTURES.blob_id + ".jpg"):
            connection.execute(insert(schema.doomed_files).from_select(["path"], select(place).where(theirs)))
        pictures += connection.execute(delete(schema.alert_pictures).where(theirs)).rowcount
        clip_rows.doom_shared(connection, select(schema.alerts.c.id).where(schema.alerts.c.event_id.in_(events)))
        alerts += len(rows)
    return alerts, pictures


def drop_empty(connection: Connection, stranger_ids: Collection[str]) -> None:
    """Removes those of these strangers, and of those they were merged into, that nothing is left of."""
    waiting = set(stranger_ids)
    strangers, others = schema.strangers.c, schema.strangers.alias().c
    while waiting:
        gone = (
            delete(schema.strangers)
            .where(
                strangers.id == waiting.pop(),
                ~select(_ROWS.id).where(_ROWS.stranger_id == strangers.id).exists(),
                ~select(others.id).where(others.merged_into_id == strangers.id).exists(),
            )
            .returning(strangers.merged_into_id)
        )
        into = connection.execute(gone).scalar_one_or_none()
        if into is not None:
            waiting.add(into)


def chunks(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """The values, as many at a time as a statement may ask for."""
    everything = list(values)
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]


def template_context(sighting_id: str, model_id: str) -> str:
    """What a sealed template is bound to."""
    return f"sighting template/{sighting_id}/{model_id}"


def sample_context(sighting_id: str) -> str:
    """What a sealed sample is bound to."""
    return f"sighting sample/{sighting_id}"
