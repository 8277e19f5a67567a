"""What all that REST takes and gives has in common: how a refusal looks, and the bounds of what may be given."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "Age",
    "AnalysisRate",
    "Body",
    "Denial",
    "Latitude",
    "Longitude",
    "Name",
    "Password",
    "Source",
    "Substream",
    "Words",
]

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Password = Annotated[str, StringConstraints(min_length=10, max_length=256)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Substream = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
AnalysisRate = Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)]
Age = Annotated[int, Field(ge=0, le=150)]


class Body(BaseModel):
    """What a client sends: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Denial(BaseModel):
    """Why a request was refused, in plain words."""

    detail: str
    code: str | None = None
