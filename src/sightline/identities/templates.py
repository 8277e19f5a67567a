"""Templates of one sample by several models, while one model takes the place of another."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TemplateProgress", "UntemplatedSample"]


@dataclass(frozen=True, slots=True)
class UntemplatedSample:
    """An enrolled sample that has no template of some model yet; `sample` is its JPEG."""

    reference_id: str
    person_id: str
    sample: bytes


@dataclass(frozen=True, slots=True)
class TemplateProgress:
    """How many references there are, how many have a template of the model, in how many samples it found no face."""

    references: int
    done: int
    failed: int

    @property
    def missing(self) -> int:
        """References that were not looked at yet."""
        return self.references - self.done - self.failed
