"""Enrolled people, their references and templates, and the lists they are on."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from sightline.stores.schema.tables import metadata

__all__ = [
    "gallery_tombstones",
    "negative_templates",
    "negatives",
    "people",
    "person_references",
    "reference_templates",
    "template_models",
    "watch_list_people",
    "watch_lists",
]

people = Table(
    "people", metadata,
    Column("id", String, primary_key=True),
    Column("first_name", String, nullable=False),
    Column("last_name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("age", Integer),
    Column("description", Text, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Index(None, "name_key", "id"),
)  # fmt: skip

person_references = Table(
    "person_references", metadata,
    Column("id", String, primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("model_id", String, nullable=False),
    Column("quality", Float, nullable=False),
    Column("file_name", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("sealed_sample", LargeBinary, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("sha256"),
    UniqueConstraint("version"),
    Index(None, "person_id"),
)  # fmt: skip

reference_templates = Table(
    "reference_templates", metadata,
    Column("reference_id", String, ForeignKey("person_references.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", String, primary_key=True),
    Column("version", BigInteger),
    Column("sealed_vector", LargeBinary),
    Column("reason", Text, nullable=False),
    UniqueConstraint("version"),
)  # fmt: skip
"""Templates by other embedders than the one that a reference was enrolled with; without a vector where one of them
finds no face in the sample."""

gallery_tombstones = Table(
    "gallery_tombstones", metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("reference_id", String, nullable=False),
    Column("model_id", String, nullable=False),
)  # fmt: skip

template_models = Table(
    "template_models", metadata,
    Column("model_id", String, primary_key=True),
    Column("threshold", Float, nullable=False),
    Column("steepness", Float, nullable=False),
)  # fmt: skip
"""How distances between templates of a model read as similarities, as the engine that made them said."""

negatives = Table(
    "negatives", metadata,
    Column("id", String, primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("model_id", String, nullable=False),
    Column("sealed_vector", LargeBinary, nullable=False),
    Column("source", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("by", String, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("version"),
    UniqueConstraint("person_id", "source", "source_id"),
)  # fmt: skip
"""Faces of which somebody said that they are not this person; versions are the gallery's."""

negative_templates = Table(
    "negative_templates", metadata,
    Column("negative_id", String, ForeignKey("negatives.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", String, primary_key=True),
    Column("version", BigInteger),
    Column("sealed_vector", LargeBinary),
    Column("reason", Text, nullable=False),
    UniqueConstraint("version"),
)  # fmt: skip
"""Templates of negatives by other embedders than the one that they were said with, as `reference_templates`."""

watch_lists = Table(
    "watch_lists", metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("require_live", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("name_key"),
)  # fmt: skip

watch_list_people = Table(
    "watch_list_people", metadata,
    Column("list_id", String, ForeignKey("watch_lists.id"), primary_key=True),
    Column("person_id", String, ForeignKey("people.id"), primary_key=True),
    Index(None, "person_id"),
)  # fmt: skip
