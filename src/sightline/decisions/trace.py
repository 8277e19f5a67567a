"""Why there is an alert: what was seen, which gates it passed, and when what happened."""

from __future__ import annotations

from typing import Any

from sightline.events.fact import Fact, TrackSample

__all__ = ["gate", "sample_gate", "samples_of", "trace"]


def trace(fact: Fact, rule: str, received_at_ms: int, late_ms: int) -> dict[str, Any]:
    """What every trace holds, as the console shows it."""
    return {
        "rule": rule,
        "frame_id": fact.frame_id,
        "width": fact.width,
        "height": fact.height,
        "timings": {
            "captured": fact.timestamp,
            "received": received_at_ms,
            "inference_ms": fact.inference_ms,
        },
        "late": received_at_ms - fact.timestamp > late_ms,
    }


def gate(name: str, passed: bool, value: float | str | None = None, limit: float | str | None = None) -> dict[str, Any]:
    """One condition of a decision: what was found, and what it was held against."""
    return {"gate": name, "passed": passed, "value": value, "limit": limit}


def samples_of(samples: list[TrackSample]) -> list[dict[str, Any]]:
    """The samples of a face's track."""
    return [
        {
            "frame_id": sample.frame_id,
            "timestamp": sample.timestamp,
            "quality": sample.quality,
            "reasons": sample.reasons,
            "person_id": sample.person_id,
            "similarity": sample.similarity,
        }
        for sample in samples
    ]


def sample_gate(samples: list[TrackSample]) -> dict[str, Any]:
    """How many of the samples were good enough to count."""
    good = sum(not sample.reasons for sample in samples)
    return gate("sample_quality", good > 0, f"{good} of {len(samples)}", "good")
