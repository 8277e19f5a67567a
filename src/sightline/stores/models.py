"""Which models an administrator chose, which embedder serves, and the templates of further embedders.

A reference is enrolled with the template of the embedder that served then. Of every other embedder it gets a further
template, or a note that this embedder finds no face in the sample; both go with the reference, whatever removes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select

from sightline.identities.templates import TemplateProgress, UntemplatedSample
from sightline.stores import gallery, meta, schema
from sightline.stores.database import Database
from sightline.stores.people import sample_context
from sightline.stores.vault import Vault

__all__ = ["Models"]

_CHOICES = "models"
_SERVING = "serving_embedder"

_REFERENCES = schema.person_references.c
_FURTHER = schema.reference_templates.c

_THEIRS = and_(_FURTHER.reference_id == _REFERENCES.id, _FURTHER.model_id == bindparam("model"))
_UNTEMPLATED = (
    select(_REFERENCES.id, _REFERENCES.person_id, _REFERENCES.sealed_sample, schema.people.c.sealed_key)
    .join(schema.people, schema.people.c.id == _REFERENCES.person_id)
    .where(_REFERENCES.model_id != bindparam("model"), ~exists().where(_THEIRS))
    .order_by(_REFERENCES.version)
    .limit(bindparam("count"))
)
_ALL = select(func.count()).select_from(schema.person_references)
_DONE = _ALL.where(
    or_(_REFERENCES.model_id == bindparam("model"), exists().where(_THEIRS, _FURTHER.sealed_vector.is_not(None)))
)
_FAILED = _ALL.where(exists().where(_THEIRS, _FURTHER.sealed_vector.is_(None)))
_PERSON_OF = (
    select(_REFERENCES.person_id, schema.people.c.sealed_key)
    .join(schema.people, schema.people.c.id == _REFERENCES.person_id)
    .where(_REFERENCES.id == bindparam("reference_id"))
)
_HAS = select(
    exists().where(_FURTHER.reference_id == bindparam("reference_id"), _FURTHER.model_id == bindparam("model"))
)


class Models:
    """See the module."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def choices(self) -> dict[str, str]:
        """What an administrator chose, by setting; what is absent is as the settings say."""
        return await self._database.read(_choices)

    async def choose(self, chosen: Mapping[str, str | None]) -> dict[str, str]:
        """Changes the choices given; `None` goes back to the settings. Returns all of them."""

        def write(connection: Connection) -> dict[str, str]:
            choices = _choices(connection) | {name: choice for name, choice in chosen.items() if choice is not None}
            for name in (name for name, choice in chosen.items() if choice is None):
                choices.pop(name, None)
            meta.put(connection, _CHOICES, msgspec.json.encode(choices).decode())
            return choices

        return await self._database.write(write)

    async def serving(self) -> str | None:
        """The embedder whose gallery is complete; `None` before the first one."""
        return await self._database.read(lambda c: meta.find(c, _SERVING))

    async def serve(self, embedder: str) -> None:
        """From now on this embedder serves."""
        await self._database.write(lambda c: meta.put(c, _SERVING, embedder))

    async def progress(self, model_id: str) -> TemplateProgress:
        """How far the references have templates of this model."""

        def count(connection: Connection) -> TemplateProgress:
            named = {"model": model_id}
            return TemplateProgress(
                samples=connection.execute(_ALL).scalar_one(),
                done=connection.execute(_DONE, named).scalar_one(),
                failed=connection.execute(_FAILED, named).scalar_one(),
            )

        return await self._database.read(count)

    async def untemplated(self, model_id: str, *, limit: int = 8) -> Sequence[UntemplatedSample]:
        """References without a template of this model, oldest first. Raises `StoreError` for a tampered sample."""

        def find(connection: Connection) -> Sequence[UntemplatedSample]:
            rows = connection.execute(_UNTEMPLATED, {"model": model_id, "count": limit})
            return [
                UntemplatedSample(
                    row.id,
                    row.person_id,
                    self._vault.person(row.person_id, row.sealed_key).open(row.sealed_sample, sample_context(row.id)),
                )
                for row in rows
            ]

        return await self._database.read(find)

    async def keep_template(self, reference_id: str, model_id: str, vector: bytes | None, *, reason: str = "") -> bool:
        """Keeps a further template, sealed; `None` when the model found no face, for this `reason`.

        False when the reference is gone meanwhile, or has one already.
        """

        def write(connection: Connection) -> bool:
            owner = connection.execute(_PERSON_OF, {"reference_id": reference_id}).one_or_none()
            if (
                owner is None
                or connection.execute(_HAS, {"reference_id": reference_id, "model": model_id}).scalar_one()
            ):
                return False
            seal = self._vault.person(owner.person_id, owner.sealed_key)
            row = {
                "reference_id": reference_id,
                "model_id": model_id,
                "version": None if vector is None else gallery.next_version(connection),
                "sealed_vector": None
                if vector is None
                else seal.seal(vector, gallery.template_context(reference_id, model_id)),
                "reason": reason,
            }
            connection.execute(insert(schema.reference_templates), row)
            return True

        return await self._database.write(write)


def _choices(connection: Connection) -> dict[str, str]:
    return msgspec.json.decode(meta.find(connection, _CHOICES) or "{}", type=dict[str, str])
