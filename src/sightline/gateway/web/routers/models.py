"""The models in use, and choosing others while everything runs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.routers.system import engine_models, model_out
from sightline.identities.templates import TemplateProgress

__all__ = ["ModelChange", "router"]

router = APIRouter(prefix="/api/models", tags=["system"])
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_SYSTEM))]
Admin = Annotated[Caller, Depends(caller_with(Right.MANAGE_USERS))]

Choice = Annotated[str, Field(max_length=500)]


class ModelChange(BaseModel):
    """The models to change: a name of `sightline models list` or a file of the engine's machine, `none` for no such
    model (not of the face models), null to go back to the settings. What is not mentioned stays.
    """

    model_config = ConfigDict(extra="forbid")

    face_model: Choice | None = None
    embedding_model: Choice | None = None
    object_model: Choice | None = None
    liveness_model: Choice | None = None


@router.get("")
async def models(gateway: GatewayOf, caller: Seer) -> dict[str, Any]:
    """What is chosen, what is in use, and how far a change of the embedder is."""
    return await _models(gateway)


@router.patch("")
async def choose(gateway: GatewayOf, caller: Admin, change: ModelChange) -> dict[str, Any]:
    """Chooses other models. Engines load them at once and go on with those before when they cannot; another embedder
    serves only after every stored sample was embedded by it.
    """
    changes = {name: getattr(change, name) for name in change.model_fields_set}
    await gateway.model_desk.choose(changes)
    for name, choice in changes.items():
        await gateway.store.audit.record(
            actor=caller.user.name,
            action="model_chosen",
            subject=name,
            detail=choice or "as the settings say",
            now_ms=gateway.clock.now_ms(),
        )
    return await _models(gateway)


async def _models(gateway: Gateway) -> dict[str, Any]:
    embedding = await gateway.model_desk.embedding()
    progress = embedding.progress
    return {
        "chosen": await gateway.model_desk.chosen(),
        "overruled": sorted(await gateway.store.models.choices()),
        "in_use": [model_out(model) | {"task": model.task} for model in engine_models(gateway)],
        "embedding": {
            "chosen": embedding.chosen,
            "serving": embedding.serving,
            "changing": embedding.changing,
            "problem": embedding.problem,
            "references": progress.samples if progress else None,
            "done": progress.done if progress else None,
            "failed": progress.failed if progress else None,
            "rejections": _counted(embedding.negatives),
            "sightings": _counted(embedding.past),
        },
    }


def _counted(progress: TemplateProgress | None) -> dict[str, int] | None:
    """Of `total`, `done` can be compared with templates of the embedder, and `failed` never will."""
    return {"total": progress.samples, "done": progress.done, "failed": progress.failed} if progress else None
