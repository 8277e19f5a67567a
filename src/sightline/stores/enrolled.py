"""The enrolled people for a second program: read beside the server that owns the database, changing nothing but the
audit trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from sightline.events.gallery_feed import GalleryTemplate
from sightline.exceptions import Unavailable
from sightline.stores import gallery, schema
from sightline.stores.audit import Audit
from sightline.stores.database import Database
from sightline.stores.store import database_address
from sightline.stores.vault import Vault

__all__ = ["Enrolled", "read_enrolled"]

_PAGE = 500
_NAMES = select(schema.people.c.id, schema.people.c.first_name, schema.people.c.last_name)
_FILES = select(schema.person_references.c.id, schema.person_references.c.file_name)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """`templates` of one model; `names` of people and `files` of references, by id."""

    templates: Sequence[GalleryTemplate]
    names: dict[str, str]
    files: dict[str, str]


async def read_enrolled(home: Path, url: str | None, *, master_key: bytes, model_id: str, now_ms: int) -> Enrolled:
    """Everybody's references for one model; that they were read goes into the audit trail.

    Raises `Unavailable` where there is no database yet, `StoreError` for one that is damaged or sealed with another
    key.
    """
    address = database_address(home, url)
    if address is None:
        raise Unavailable("nobody is enrolled yet: `sightline enroll FOLDER` enrols people from photos")
    vault, database = Vault(master_key), Database(address)
    await database.open()
    try:
        await Audit(database).record(actor="owner", action="gallery.evaluated", subject="gallery", now_ms=now_ms)
        return await database.read(lambda c: _read(c, vault, model_id))
    finally:
        await database.close()


def _read(connection: Connection, vault: Vault, model_id: str) -> Enrolled:
    templates: list[GalleryTemplate] = []
    since, more = 0, True
    while more:
        page = gallery.changes(connection, vault, since, model_id, _PAGE)
        templates += page.templates
        since, more = page.version, page.more
    names = {row.id: f"{row.first_name} {row.last_name}".strip() for row in connection.execute(_NAMES)}
    files = {row.id: row.file_name for row in connection.execute(_FILES)}
    return Enrolled(templates, names, files)
