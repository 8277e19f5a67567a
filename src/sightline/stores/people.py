"""People: their records, references and sealed data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, union, update

from sightline.deliveries.records import GalleryChanges
from sightline.exceptions import Conflict, NotFound
from sightline.identities.sighting import Appearance
from sightline.identities.subject import ErasureReceipt, NewReference, Person, Reference
from sightline.stores import gallery, schema
from sightline.stores.database import Database
from sightline.stores.erasure import erase
from sightline.stores.ids import new_id
from sightline.stores.names import name_key
from sightline.stores.pictures import AlertPictures
from sightline.stores.vault import Vault

__all__ = ["People", "sample_context", "write_reference"]

_PEOPLE = schema.people.c
_REFERENCES = schema.person_references.c
_MEMBERS = schema.watch_list_people.c

_COUNT = select(func.count()).where(_REFERENCES.person_id == _PEOPLE.id).scalar_subquery().label("references")
_PERSON = select(
    _PEOPLE.id, _PEOPLE.first_name, _PEOPLE.last_name, _PEOPLE.age, _PEOPLE.description, _PEOPLE.created_at_ms, _COUNT
)
_BY_ID = _PERSON.where(_PEOPLE.id == bindparam("person_id"))
_LISTS_OF = (
    select(_MEMBERS.person_id, _MEMBERS.list_id)
    .join(schema.watch_lists, schema.watch_lists.c.id == _MEMBERS.list_id)
    .where(_MEMBERS.person_id.in_(bindparam("person_ids", expanding=True)))
    .order_by(schema.watch_lists.c.name_key)
)
_KEY = select(_PEOPLE.sealed_key).where(_PEOPLE.id == bindparam("person_id"))
_REFERENCE = select(
    _REFERENCES.id, _REFERENCES.person_id, _REFERENCES.model_id, _REFERENCES.quality, _REFERENCES.file_name,
    _REFERENCES.sha256, _REFERENCES.created_at_ms,
)  # fmt: skip
_REFERENCES_OF = _REFERENCE.where(_REFERENCES.person_id == bindparam("person_id")).order_by(_REFERENCES.version)
_ENROLLED_FOR = (
    select(_PEOPLE.first_name, _PEOPLE.last_name)
    .join(schema.person_references, _REFERENCES.person_id == _PEOPLE.id)
    .where(_REFERENCES.sha256 == bindparam("sha256"))
)
_SIGHTINGS, _EVENTS = schema.sightings.c, schema.events.c
_APPEARANCES = union(
    select(_SIGHTINGS.camera_id, _SIGHTINGS.first_seen_ms, _SIGHTINGS.last_seen_ms).where(
        _SIGHTINGS.person_id == bindparam("person_id")
    ),
    select(_EVENTS.camera_id, _EVENTS.captured_at_ms, _EVENTS.captured_at_ms).where(
        or_(_EVENTS.person_id == bindparam("person_id"), _EVENTS.subject_id == bindparam("person_id"))
    ),
)
_SAMPLE = (
    select(_REFERENCES.person_id, _REFERENCES.sealed_sample, _PEOPLE.sealed_key)
    .join(schema.people, _PEOPLE.id == _REFERENCES.person_id)
    .where(_REFERENCES.id == bindparam("reference_id"))
)


class People:
    """The people of the gallery, and what is sealed of each with a key of their own."""

    def __init__(self, database: Database, vault: Vault, pictures: AlertPictures) -> None:
        self._database = database
        self._vault = vault
        self._pictures = pictures

    async def list(
        self, *, query: str = "", watch_list_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[list[Person], int]:
        """A page by name of those whose name contains every word of `query`, and how many there are in all."""
        wanted = [_PEOPLE.name_key.contains(word, autoescape=True) for word in name_key(query).split()]
        if watch_list_id is not None:
            members = select(_MEMBERS.person_id).where(_MEMBERS.list_id == watch_list_id)
            wanted.append(_PEOPLE.id.in_(members))
        page = _PERSON.where(*wanted).order_by(_PEOPLE.name_key, _PEOPLE.id).limit(limit).offset(offset)
        total = select(func.count()).select_from(schema.people).where(*wanted)

        def find(connection: Connection) -> tuple[list[Person], int]:
            rows = connection.execute(page).mappings().all()
            return _people(connection, rows), connection.execute(total).scalar_one()

        return await self._database.read(find)

    async def get(self, person_id: str) -> Person:
        """Raises `NotFound`."""
        return await self._database.read(lambda c: _get(c, person_id))

    async def create(
        self, *, first_name: str, last_name: str, age: int | None, description: str, now_ms: int
    ) -> Person:
        """A new person with a fresh key; two of them may have one name."""
        person = Person(new_id(now_ms), first_name, last_name, age, description, now_ms)
        sealed_key = self._vault.new_person_key(person.id)

        def write(connection: Connection) -> Person:
            row = _values(first_name, last_name, age, description)
            row |= {"id": person.id, "sealed_key": sealed_key, "created_at_ms": now_ms}
            connection.execute(insert(schema.people), row)
            return person

        return await self._database.write(write)

    async def update(
        self, person_id: str, *, first_name: str, last_name: str, age: int | None, description: str
    ) -> Person:
        """Raises `NotFound`."""

        def write(connection: Connection) -> Person:
            values = _values(first_name, last_name, age, description)
            connection.execute(update(schema.people).where(_PEOPLE.id == person_id).values(values))
            return _get(connection, person_id)

        return await self._database.write(write)

    async def appearances(self, person_id: str) -> Sequence[Appearance]:
        """When cameras saw this person, as far as sightings and events still say so. Raises `NotFound`."""

        def find(connection: Connection) -> Sequence[Appearance]:
            _key_of(connection, person_id)
            return [Appearance(*row) for row in connection.execute(_APPEARANCES, {"person_id": person_id})]

        return await self._database.read(find)

    async def erase(self, person_id: str, *, now_ms: int) -> ErasureReceipt:
        """Destroys key, templates, samples, and the pictures and links of every alert and event of this person.

        Returns when all of it is gone from the database and its write-ahead log, and the pictures from the disk (those
        that the disk will not give up now are tried again by `AlertPictures.heal`). Raises `NotFound`.
        """
        receipt = await self._database.write(lambda c: erase(c, person_id, now_ms), scrub=True)
        await self._pictures.remove_doomed()
        return receipt

    async def references(self, person_id: str) -> Sequence[Reference]:
        """A person's references in the order of enrolment. Raises `NotFound`."""

        def find(connection: Connection) -> Sequence[Reference]:
            _key_of(connection, person_id)
            rows = connection.execute(_REFERENCES_OF, {"person_id": person_id}).mappings()
            return [Reference(**row) for row in rows]

        return await self._database.read(find)

    async def add_reference(self, person_id: str, reference: NewReference, *, now_ms: int) -> Reference:
        """Seals and enrols a sample. Raises `NotFound`, and `Conflict` when this picture (`sha256`) is enrolled
        already, for whomever."""
        reference_id = new_id(now_ms)

        return await self._database.write(
            lambda c: write_reference(c, self._vault, person_id, reference, reference_id, now_ms)
        )

    async def remove_reference(self, person_id: str, reference_id: str) -> None:
        """Raises `NotFound`, also for a reference of somebody else."""
        this = (_REFERENCES.id == reference_id, _REFERENCES.person_id == person_id)
        removal = delete(schema.person_references).where(*this).returning(_REFERENCES.model_id)

        def write(connection: Connection) -> None:
            model_id = connection.execute(removal).scalar_one_or_none()
            if model_id is None:
                raise NotFound("reference", reference_id)
            gallery.bury(connection, reference_id, model_id)

        await self._database.write(write, scrub=True)

    async def sample(self, reference_id: str) -> bytes:
        """The JPEG of an enrolled sample. Raises `NotFound`, and `StoreError` when it was tampered with."""

        def find(connection: Connection) -> bytes:
            row = connection.execute(_SAMPLE, {"reference_id": reference_id}).one_or_none()
            if row is None:
                raise NotFound("reference", reference_id)
            seal = self._vault.person(row.person_id, row.sealed_key)
            return seal.open(row.sealed_sample, sample_context(reference_id))

        return await self._database.read(find)

    async def templates(self, person_id: str) -> Sequence[tuple[str, bytes]]:
        """The model's id and the template of each of a person's references. Raises `NotFound`, `StoreError`."""

        def find(connection: Connection) -> Sequence[tuple[str, bytes]]:
            seal = self._vault.person(person_id, _key_of(connection, person_id))
            return gallery.templates_of(connection, seal, person_id)

        return await self._database.read(find)

    async def gallery_version(self) -> int:
        """The version of the latest change; not 0 even in an empty gallery."""
        return await self._database.read(gallery.version)

    async def gallery_changes(self, since: int, model_id: str, *, limit: int = 500) -> GalleryChanges:
        """Changes after version `since`; see `gallery.changes`."""
        return await self._database.read(lambda c: gallery.changes(c, self._vault, since, model_id, limit))


def write_reference(
    connection: Connection, vault: Vault, person_id: str, reference: NewReference, reference_id: str, now_ms: int
) -> Reference:
    """Seals and enrols a sample within a transaction. Raises `NotFound`, `Conflict`."""
    seal = vault.person(person_id, _key_of(connection, person_id))
    _check_new(connection, reference.sha256)
    row: dict[str, Any] = {
        "id": reference_id,
        "person_id": person_id,
        "model_id": reference.model_id,
        "quality": reference.quality,
        "file_name": reference.file_name,
        "sha256": reference.sha256,
        "created_at_ms": now_ms,
    }
    sealed = {
        "version": gallery.next_version(connection),
        "sealed_sample": seal.seal(reference.sample, sample_context(reference_id)),
        "sealed_vector": seal.seal(reference.vector, gallery.template_context(reference_id, reference.model_id)),
    }
    connection.execute(insert(schema.person_references), row | sealed)
    return Reference(**row)


def _get(connection: Connection, person_id: str) -> Person:
    rows = connection.execute(_BY_ID, {"person_id": person_id}).mappings().all()
    if not rows:
        raise NotFound("person", person_id)
    return _people(connection, rows)[0]


def _people(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Person]:
    lists: dict[str, list[str]] = defaultdict(list)
    for member in connection.execute(_LISTS_OF, {"person_ids": [row["id"] for row in rows]}):
        lists[member.person_id].append(member.list_id)
    return [Person(**row, watch_lists=tuple(lists[row["id"]])) for row in rows]


def _key_of(connection: Connection, person_id: str) -> bytes:
    sealed_key: bytes | None = connection.execute(_KEY, {"person_id": person_id}).scalar_one_or_none()
    if sealed_key is None:
        raise NotFound("person", person_id)
    return sealed_key


def _check_new(connection: Connection, sha256: str) -> None:
    owner = connection.execute(_ENROLLED_FOR, {"sha256": sha256}).one_or_none()
    if owner is not None:
        name = f"{owner.first_name} {owner.last_name}".strip()
        raise Conflict(f"this picture is enrolled already, for {name}: choose another one")


def _values(first_name: str, last_name: str, age: int | None, description: str) -> dict[str, Any]:
    return {
        "first_name": first_name,
        "last_name": last_name,
        "name_key": name_key(f"{first_name} {last_name}"),
        "age": age,
        "description": description,
    }


def sample_context(reference_id: str) -> str:
    """What a sealed sample is bound to."""
    return f"sample/{reference_id}"
