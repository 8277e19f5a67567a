"""Templates by other embedders than the one that a face was taken in with: of references as of negatives.

Each original gets one of every further embedder, or a note that this embedder finds no face in the sample; both go with
the original, whatever removes it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, exists, func, insert, or_, select

from sightline.identities.templates import TemplateProgress
from sightline.stores import gallery, schema
from sightline.stores.vault import Vault

__all__ = ["FurtherTemplates"]


class FurtherTemplates:
    """Of the `originals` of one table, in another whose column `owner` names them; `context` is what a template is
    sealed for, by the original's id and the model's.

    `missing` holds for an original that has no template of the model bound as `model`.
    """

    def __init__(self, originals: Table, owner: str, further: Table, context: Callable[[str, str], str]) -> None:
        self._owner = owner
        self._further = further
        self._context = context
        original, theirs = originals.c, further.c
        is_theirs = and_(theirs[owner] == original.id, theirs.model_id == bindparam("model"))
        self.missing: ColumnElement[bool] = and_(original.model_id != bindparam("model"), ~exists().where(is_theirs))
        self._all = select(func.count()).select_from(originals)
        self._done = self._all.where(
            or_(original.model_id == bindparam("model"), exists().where(is_theirs, theirs.sealed_vector.is_not(None)))
        )
        self._failed = self._all.where(exists().where(is_theirs, theirs.sealed_vector.is_(None)))
        self._person_of = (
            select(original.person_id, schema.people.c.sealed_key)
            .join(schema.people, schema.people.c.id == original.person_id)
            .where(original.id == bindparam("original"))
        )
        self._has = select(
            exists().where(theirs[owner] == bindparam("original"), theirs.model_id == bindparam("model"))
        )

    def progress(self, connection: Connection, model_id: str) -> TemplateProgress:
        """How far the originals have templates of this model."""
        named = {"model": model_id}
        return TemplateProgress(
            samples=connection.execute(self._all).scalar_one(),
            done=connection.execute(self._done, named).scalar_one(),
            failed=connection.execute(self._failed, named).scalar_one(),
        )

    def keep(
        self, connection: Connection, vault: Vault, original_id: str, model_id: str, vector: bytes | None, reason: str
    ) -> bool:
        """Keeps one, sealed; `None` when there can be none, for this `reason`.

        False when the original is gone meanwhile, or has one already.
        """
        known = {"original": original_id, "model": model_id}
        person = connection.execute(self._person_of, known).one_or_none()
        if person is None or connection.execute(self._has, known).scalar_one():
            return False
        sealed = version = None
        if vector is not None:
            seal = vault.person(person.person_id, person.sealed_key)
            sealed = seal.seal(vector, self._context(original_id, model_id))
            version = gallery.next_version(connection)
        row = {self._owner: original_id, "model_id": model_id, "reason": reason}
        connection.execute(insert(self._further), row | {"version": version, "sealed_vector": sealed})
        return True
