"""Recordings and pictures that people upload to have them analysed. Who asks must hold the right to identify."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, StreamingResponse

from sightline.accounts import Right
from sightline.analyses import AnalysisJob
from sightline.exceptions import NotFound
from sightline.gateway.web.access import Caller, GatewayOf, caller_with, machine_name
from sightline.gateway.pushed.analyses import check_done
from sightline.gateway.pushed.analysis_results import as_csv, as_json
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial

__all__ = ["MAX_FILES", "AnalysisFile", "AnalysisOut", "router"]

router = APIRouter(tags=["analysis"], responses={403: {"model": Denial}})
Asker = Annotated[Caller, Depends(caller_with(Right.IDENTIFY))]

MAX_FILES = 500
RESULT = "result.jsonl"
MEDIA = {"webm": "video/webm", "jpg": "image/jpeg"}


class AnalysisFile(BaseModel):
    """An uploaded file."""

    name: str
    size_bytes: int


class AnalysisOut(BaseModel):
    """A job. While it runs, `file` is the index of the file under way and `share` how much of it is done; a `reason` is
    given where it failed. It is forgotten at `forgotten_at`."""

    id: str
    state: str
    reason: str
    files: list[AnalysisFile]
    fps: float
    annotate: bool
    created_at: int
    ended_at: int | None
    forgotten_at: int | None
    file: int
    share: float = Field(description="Of the file under way, 0 to 1.")
    progress: float = Field(description="Of all files, 0 to 1, each counting the same.")
    frames: int = Field(description="Pictures looked at so far.")


@router.post("/api/analyses", status_code=201, responses={422: {"model": Denial}, 503: {"model": Denial}})
async def begin(
    gateway: GatewayOf,
    caller: Asker,
    files: list[UploadFile],
    fps: Annotated[float, Form(gt=0, le=30, allow_inf_nan=False)] = 5.0,
    annotate: Annotated[bool, Form()] = True,
) -> AnalysisOut:
    """Uploads recordings and pictures; they are analysed one job after the other, without any alert.

    `fps` pictures a second of a recording are looked at. With `annotate` boxes are drawn for people to look at.
    """
    if len(files) > MAX_FILES:
        raise HTTPException(422, f"at most {MAX_FILES} files at a time")
    if any(not file.size for file in files):
        raise HTTPException(422, "a file is empty")
    await gateway.analyses.check_room(sum(file.size or 0 for file in files))
    named = [(_name(file), file.file) for file in files]
    job = await gateway.analyses.add(caller.user, named, fps=fps, annotate=annotate)
    await gateway.store.audit.record(
        actor=caller.user.name,
        action="analysis_begun",
        subject=job.files[0].name,
        detail=f"{len(job.files)} files",
        now_ms=gateway.clock.now_ms(),
    )
    return _out(gateway, job)


@router.get("/api/analyses")
async def list_analyses(gateway: GatewayOf, caller: Asker) -> list[AnalysisOut]:
    """One's own jobs, newest first; an administrator's are all."""
    return [_out(gateway, job) for job in gateway.analyses.of(caller.user)]


@router.get("/api/analyses/{job_id}", responses={404: {"model": Denial}})
async def analysis(gateway: GatewayOf, caller: Asker, job_id: str) -> AnalysisOut:
    """How a job stands."""
    return _out(gateway, gateway.analyses.get(job_id, caller.user))


@router.post("/api/analyses/{job_id}/cancel", responses={404: {"model": Denial}, 409: {"model": Denial}})
async def cancel(gateway: GatewayOf, caller: Asker, job_id: str) -> AnalysisOut:
    """Ends a job that waits or runs."""
    return _out(gateway, await gateway.analyses.cancel(gateway.analyses.get(job_id, caller.user)))


@router.delete("/api/analyses/{job_id}", status_code=204, responses={404: {"model": Denial}})
async def delete(gateway: GatewayOf, caller: Asker, job_id: str) -> None:
    """Ends a job if need be, and deletes what was uploaded and what was seen."""
    await gateway.analyses.forget(gateway.analyses.get(job_id, caller.user))


@router.get("/api/analyses/{job_id}/result.json", responses={404: {"model": Denial}, 409: {"model": Denial}})
async def result_json(gateway: GatewayOf, caller: Asker, job_id: str) -> Response:
    """What was seen, as one document: by file its `frames` (faces and objects on their tracks, crowd) and `events`."""
    job = gateway.analyses.get(job_id, caller.user)
    check_done(job)
    path = await asyncio.to_thread(gateway.analyses.shelf.result_path, job.id, RESULT)
    head: dict[str, Any] = {"id": job.id, "fps": job.fps, "created_at": job.created_at_ms}
    document = as_json(path, head, lambda person_id: _name_of(gateway, person_id))
    return StreamingResponse(document, media_type="application/json", headers=_as_file(job, "json"))


@router.get("/api/analyses/{job_id}/result.csv", responses={404: {"model": Denial}, 409: {"model": Denial}})
async def result_csv(gateway: GatewayOf, caller: Asker, job_id: str) -> Response:
    """What was seen, one row for each face and object of each picture."""
    job = gateway.analyses.get(job_id, caller.user)
    check_done(job)
    path = await asyncio.to_thread(gateway.analyses.shelf.result_path, job.id, RESULT)
    table = as_csv(path, lambda person_id: _name_of(gateway, person_id))
    return StreamingResponse(table, media_type="text/csv; charset=utf-8", headers=_as_file(job, "csv"))


@router.get(
    "/api/analyses/{job_id}/files/{index}/annotated", responses={404: {"model": Denial}, 409: {"model": Denial}}
)
async def annotated(gateway: GatewayOf, caller: Asker, job_id: str, index: int) -> Response:
    """A file with the boxes drawn: WebM of a recording, JPEG of a picture."""
    job = gateway.analyses.get(job_id, caller.user)
    check_done(job)
    for suffix, media_type in MEDIA.items():
        with contextlib.suppress(NotFound):
            path = await asyncio.to_thread(
                gateway.analyses.shelf.result_path, job.id, f"annotated-{index}.{suffix}"
            )
            return FileResponse(path, media_type=media_type, filename=f"{_stem(job, index)}-annotated.{suffix}")
    raise NotFound("annotated file", f"{job_id}/{index}")


# ── what engines ask ──


@router.get("/api/engine/analyses/{job_id}/files/{index}", include_in_schema=False)
async def engine_file(request: Request, gateway: GatewayOf, job_id: str, index: int) -> Response:
    """An uploaded file of the job that runs."""
    await _require_engine(request, gateway)
    job = gateway.analyses.running(job_id)
    return FileResponse(await asyncio.to_thread(gateway.analyses.shelf.input_path, job.id, index))


@router.put("/api/engine/analyses/{job_id}/results/{name}", status_code=204, include_in_schema=False)
async def engine_result(request: Request, gateway: GatewayOf, job_id: str, name: str) -> None:
    """A file of the result of the job that runs."""
    await _require_engine(request, gateway)
    job = gateway.analyses.running(job_id)
    file = await asyncio.to_thread(gateway.analyses.shelf.open_result, job.id, name)
    try:
        async for chunk in request.stream():
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


async def _require_engine(request: Request, gateway: Gateway) -> None:
    if await machine_name(request, gateway) is None:
        raise HTTPException(401, "an engine needs its machine token")


async def _name_of(gateway: Gateway, person_id: str) -> str | None:
    person = await gateway.directory.people.find(person_id)
    return person.name if person else None


def _name(file: UploadFile) -> str:
    """The file's own name, without folders and what no name has."""
    name = PurePath((file.filename or "").replace("\\", "/")).name
    return "".join(letter for letter in name if letter.isprintable())[:200] or "file"


def _stem(job: AnalysisJob, index: int) -> str:
    return PurePath(job.files[index].name).stem if 0 <= index < len(job.files) else "file"


def _as_file(job: AnalysisJob, suffix: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="analysis-{job.id}.{suffix}"'}


def _out(gateway: Gateway, job: AnalysisJob) -> AnalysisOut:
    kept_ms = gateway.settings.analysis_hours * 3_600_000
    done = 1.0 if job.state == "done" else (job.file + job.share) / max(1, len(job.files))
    return AnalysisOut(
        id=job.id,
        state=job.state.value,
        reason=job.reason,
        files=[AnalysisFile(name=file.name, size_bytes=file.size_bytes) for file in job.files],
        fps=job.fps,
        annotate=job.annotate,
        created_at=job.created_at_ms,
        ended_at=job.ended_at_ms,
        forgotten_at=None if job.ended_at_ms is None else job.ended_at_ms + kept_ms,
        file=job.file,
        share=job.share,
        progress=round(min(1.0, done), 4),
        frames=job.frames,
    )
