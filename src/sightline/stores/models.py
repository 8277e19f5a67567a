"""Which models an administrator chose, which embedder serves, and the references' templates of further embedders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, select

from sightline.identities.templates import TemplateProgress, UntemplatedSample
from sightline.stores import gallery, meta, schema
from sightline.stores.database import Database
from sightline.stores.further_templates import FurtherTemplates
from sightline.stores.people import sample_context
from sightline.stores.vault import Vault

__all__ = ["Models"]

_CHOICES = "models"
_SERVING = "serving_embedder"

_REFERENCES = schema.person_references.c
_TEMPLATES = FurtherTemplates(
    schema.person_references, "reference_id", schema.reference_templates, gallery.template_context
)
_UNTEMPLATED = (
    select(_REFERENCES.id, _REFERENCES.person_id, _REFERENCES.sealed_sample, schema.people.c.sealed_key)
    .join(schema.people, schema.people.c.id == _REFERENCES.person_id)
    .where(_TEMPLATES.missing)
    .order_by(_REFERENCES.version)
    .limit(bindparam("count"))
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
        return await self._database.read(lambda connection: _TEMPLATES.progress(connection, model_id))

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
        return await self._database.write(
            lambda connection: _TEMPLATES.keep(connection, self._vault, reference_id, model_id, vector, reason)
        )


def _choices(connection: Connection) -> dict[str, str]:
    return msgspec.json.decode(meta.find(connection, _CHOICES) or "{}", type=dict[str, str])
