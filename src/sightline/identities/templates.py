"""Templates of one sample by several models, while one model takes the place of another."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OutdatedSighting", "TemplateProgress", "UntemplatedNegative", "UntemplatedSample"]


@dataclass(frozen=True, slots=True)
class UntemplatedSample:
    """An enrolled sample that has no template of some model yet; `sample` is its JPEG."""

    reference_id: str
    person_id: str
    sample: bytes


@dataclass(frozen=True, slots=True)
class UntemplatedNegative:
    """A rejected face that has no template of some model yet; `sample` is a JPEG of it, `None` when none is left."""

    negative_id: str
    sample: bytes | None


@dataclass(frozen=True, slots=True)
class OutdatedSighting:
    """A sighting whose template is of another model than the one that serves; `sample` is a JPEG of the face."""

    sighting_id: str
    key: int
    model_id: str
    sample: bytes


@dataclass(frozen=True, slots=True)
class TemplateProgress:
    """Of how many samples there are, how many have a template of the model, and for how many there can be none."""

    samples: int
    done: int
    failed: int

    @property
    def missing(self) -> int:
        """Samples that were not looked at yet."""
        return self.samples - self.done - self.failed
