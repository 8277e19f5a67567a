from __future__ import annotations

import pytest

from sightline.events.still import AnalysedFace
from sightline.gateway.pushed.enrolment import Choice, Refusal, choose_face
from sightline.identities.quality_reason import ADVICE, QualityReason


def face(width: float = 100, height: float = 100, reasons: tuple[QualityReason, ...] = ()) -> AnalysedFace:
    return AnalysedFace(
        bbox=(10, 10, 10 + width, 10 + height), confidence=0.9, landmarks=[], quality=0.8,
        reasons=[reason.value for reason in reasons], vector=b"", probe=b"",
    )  # fmt: skip


def test_no_face() -> None:
    refusal = choose_face([])
    assert isinstance(refusal, Refusal)
    assert refusal.codes == ["no_face"]


def test_one_good_face() -> None:
    good = face()
    assert choose_face([good]) == Choice(good)


def test_faces_in_the_background_do_not_matter() -> None:
    main = face(300, 100)
    assert choose_face([face(), main]) == Choice(main)
    assert choose_face([face(), main, face(10, 10)]) == Choice(main)
    refusal = choose_face([face(), face(299, 100)])
    assert isinstance(refusal, Refusal)
    assert refusal.codes == ["several_faces"]
    assert "2 faces" in refusal.sentences[0]


@pytest.mark.parametrize("reason", list(QualityReason))
def test_every_failed_gate_says_what_would_be_better(reason: QualityReason) -> None:
    refusal = choose_face([face(reasons=(reason,))])
    assert refusal == Refusal([reason.value], [ADVICE[reason]])


def test_quality_of_the_background_does_not_matter() -> None:
    main = face(400, 400)
    assert choose_face([main, face(reasons=(next(iter(QualityReason)),))]) == Choice(main)
