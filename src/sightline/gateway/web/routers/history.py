"""The past by the hour, to plot or to take along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from sightline.accounts import Right
from sightline.decisions.history import HOUR_MS, HourRow, Metric
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.csv_table import csv_table
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.view_resources import HistoryOut, HistoryRow

__all__ = ["router"]

router = APIRouter(prefix="/api/history", tags=["history"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_CAMERAS))]
Millis = Annotated[int, Query(ge=0, le=253_402_300_799_999)]

DAY_MS = 24 * HOUR_MS
MAX_ROWS = 50_000
COLUMNS = ("hour", "camera_id", "camera", "metric", "detail", "count", "mean", "total", "most")


@router.get("", response_model=HistoryOut)
async def history(
    gateway: GatewayOf,
    caller: Seer,
    camera: str | None = None,
    from_ms: Annotated[Millis | None, Query(alias="from")] = None,
    to_ms: Annotated[Millis | None, Query(alias="to")] = None,
    metric: Metric | None = None,
    format: Literal["json", "csv"] = "json",
) -> HistoryOut | Response:
    """Figures of the hours that begin in [from, to): detections, people, crowd levels, processing times, line
    crossings. Without times, the last day. `format=csv` gives a table with a row a figure."""
    now_ms = gateway.clock.now_ms()
    end_ms = now_ms if to_ms is None else to_ms
    begin_ms = end_ms - DAY_MS if from_ms is None else from_ms
    if begin_ms >= end_ms:
        raise HTTPException(422, "`from` must be before `to`")
    rows = await gateway.store.history.list(
        from_ms=max(0, begin_ms), to_ms=end_ms, camera_id=camera, metric=metric, limit=MAX_ROWS + 1
    )
    shown = rows[:MAX_ROWS]
    if format == "json":
        return HistoryOut.of(shown, truncated=len(rows) > MAX_ROWS)
    names = {one.id: one.name for one in await gateway.store.cameras.list()}
    return Response(
        csv_table(COLUMNS, _table_rows(shown, names)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="sightline-history.csv"',
            "Cache-Control": "private, no-store",
        },
    )


def _table_rows(rows: Iterable[HourRow], names: Mapping[str, str]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        shown = HistoryRow.of(row)
        hour = datetime.fromtimestamp(row.hour_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        words = (hour, row.camera_id, names.get(row.camera_id, ""), row.metric.value, row.detail)
        yield (*words, shown.count, shown.mean, shown.total, shown.most)
