"""The server's REST interface as typed methods over one `httpx.AsyncClient`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from sightline.client.answers import (
    Account,
    AnalysisInfo,
    CameraInfo,
    EngineView,
    EnrolledReference,
    ErasureReceipt,
    Identification,
    MachineToken,
    ModelsInfo,
    PastSearch,
    PersonInfo,
    PhotoResult,
    SourceTest,
    SystemInfo,
    WatchListInfo,
    WorkstationInfo,
)
from sightline.client.footage_answers import CameraFootage, FootageDeletion, FootagePiece, PersonFootage
from sightline.exceptions import Conflict, Forbidden, SightlineError, Unavailable

__all__ = ["RestClient"]

PAGE = 200
"""People asked for at a time."""

T = TypeVar("T")


class _People(msgspec.Struct, frozen=True, kw_only=True):
    people: tuple[PersonInfo, ...]
    total: int


class _EngineToken(msgspec.Struct):
    token: str


class _Token(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str


class _Photos(msgspec.Struct, frozen=True, kw_only=True):
    results: tuple[PhotoResult, ...]


class RestClient:
    """Requests of one user. `http` has the server's base URL and the user's bearer token, and stays the caller's.

    Every method raises `Unavailable` when the server cannot be reached or is not ready, `Forbidden` when the user may
    not, `Conflict` when the change contradicts what is stored, and `SightlineError` with the server's words otherwise.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def sign_in(self, name: str, password: str) -> str:
        """An access token of an account, for the header `Authorization: Bearer …` of `http`."""
        form = {"username": name, "password": password}
        return (await self._ask("POST", "/api/token", _Token, data=form)).access_token

    async def users(self) -> tuple[Account, ...]:
        """All accounts."""
        return await self._ask("GET", "/api/users", tuple[Account, ...])

    async def create_user(self, *, name: str, role: str, password: str) -> Account:
        """A new account."""
        return await self._ask("POST", "/api/users", Account, json={"name": name, "role": role, "password": password})

    async def set_password(self, user_id: str, password: str) -> None:
        """A new password, which ends every session of that user."""
        await self._send("PUT", f"/api/users/{_path(user_id)}/password", json={"password": password})

    async def token_of(self, user_id: str) -> str:
        """An access token of another user; only for the owner of the installation, on its own machine."""
        return (await self._ask("POST", f"/api/users/{_path(user_id)}/token", _Token)).access_token

    async def engine_token(self, engine_id: str) -> str:
        """A new token for an engine that others start; the one before it is void."""
        return (await self._ask("POST", f"/api/engines/{_path(engine_id)}/token", _EngineToken)).token

    async def revoke_engine(self, engine_id: str) -> None:
        """That engine may not connect any more."""
        await self._send("DELETE", f"/api/engines/{_path(engine_id)}/token")

    async def tokens(self) -> tuple[MachineToken, ...]:
        """That there are tokens of engines, workstations and cameras."""
        return await self._ask("GET", "/api/tokens", tuple[MachineToken, ...])

    async def engines(self) -> tuple[EngineView, ...]:
        """All engines that are connected, or have a token."""
        return await self._ask("GET", "/api/engines", tuple[EngineView, ...])

    async def revoke_workstation_token(self, workstation_id: str) -> None:
        """That workstation may not connect any more."""
        await self._send("DELETE", f"/api/workstations/{_path(workstation_id)}/token")

    async def workstations(self) -> tuple[WorkstationInfo, ...]:
        """All workstations."""
        return await self._ask("GET", "/api/workstations", tuple[WorkstationInfo, ...])

    async def create_workstation(self, name: str) -> WorkstationInfo:
        """A workstation without a token, at which nobody may sit yet."""
        return await self._ask("POST", "/api/workstations", WorkstationInfo, json={"name": name})

    async def workstation_token(self, workstation_id: str) -> str:
        """A new token for a workstation; the one before it is void."""
        return (await self._ask("POST", f"/api/workstations/{_path(workstation_id)}/token", _EngineToken)).token

    async def allow_at_workstation(self, workstation_id: str, person_id: str) -> None:
        """Somebody may sit there."""
        await self._send("PUT", f"/api/workstations/{_path(workstation_id)}/people/{_path(person_id)}")

    async def camera_token(self, camera_id: str) -> str:
        """A new token for the device that publishes to a camera; the one before it is void."""
        return (await self._ask("POST", f"/api/cameras/{_path(camera_id)}/token", _EngineToken)).token

    async def revoke_camera_token(self, camera_id: str) -> None:
        """That camera's token is void."""
        await self._send("DELETE", f"/api/cameras/{_path(camera_id)}/token")

    async def cameras(self) -> tuple[CameraInfo, ...]:
        """All cameras with their states."""
        return await self._ask("GET", "/api/cameras", tuple[CameraInfo, ...])

    async def create_camera(
        self,
        *,
        name: str,
        source: str,
        latitude: float | None = None,
        longitude: float | None = None,
        analysis_fps: float | None = None,
        enabled: bool = True,
        alert_unknown: bool | None = None,
        substream: str | None = None,
        rotation: int | None = None,
        blur_faces: str | None = None,
    ) -> CameraInfo:
        """A new camera; degrees are WGS 84; what is left out becomes the server's default. `rotation` is 0, 90, 180 or
        270 degrees clockwise, `blur_faces` is `off`, `unknown` or `all`.
        """
        fields = {
            "name": name,
            "source": source,
            "latitude": latitude,
            "longitude": longitude,
            "analysis_fps": analysis_fps,
            "enabled": enabled,
            "alert_unknown": alert_unknown,
            "substream": substream,
            "rotation": rotation,
            "blur_faces": blur_faces,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        return await self._ask("POST", "/api/cameras", CameraInfo, json=given)

    async def change_camera(self, camera_id: str, **fields: str | float | bool) -> CameraInfo:
        """Changes these fields of a camera, named as in `create_camera`."""
        return await self._ask("PATCH", f"/api/cameras/{_path(camera_id)}", CameraInfo, json=fields)

    async def test_source(self, source: str) -> SourceTest:
        """Opens a source and closes it again; takes up to ten seconds."""
        return await self._ask("POST", "/api/cameras/test", SourceTest, json={"source": source})

    async def remove_camera(self, camera_id: str) -> None:
        """Forgets a camera; its alerts stay."""
        await self._send("DELETE", f"/api/cameras/{_path(camera_id)}")

    async def people(self, query: str = "") -> tuple[PersonInfo, ...]:
        """Everybody whose name matches `query`, by name."""
        found: list[PersonInfo] = []
        while True:
            parameters = {"query": query, "limit": PAGE, "offset": len(found)}
            page = await self._ask("GET", "/api/people", _People, params=parameters)
            found.extend(page.people)
            if not page.people or len(found) >= page.total:
                return tuple(found)

    async def create_person(self, *, first_name: str, last_name: str = "") -> PersonInfo:
        """A person, without photos yet."""
        names = {"first_name": first_name, "last_name": last_name}
        return await self._ask("POST", "/api/people", PersonInfo, json=names)

    async def footage(self, camera_id: str, since_ms: int, until_ms: int) -> CameraFootage:
        """Pieces of a camera's recordings with a moment of this time; `truncated` when there are later ones."""
        params = {"from": since_ms, "to": until_ms}
        return await self._ask("GET", f"/api/cameras/{_path(camera_id)}/footage", CameraFootage, params=params)

    async def save_footage(self, piece: FootagePiece, file: BinaryIO) -> None:
        """Writes a piece into a file."""
        try:
            async with self._http.stream("GET", piece.url) as response:
                if not response.is_success:
                    await response.aread()
                    raise _error_of(response)
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
        except httpx.TransportError as error:
            raise Unavailable(f"the recording was cut off: {error}") from error

    async def delete_footage(self, camera_id: str, since_ms: int, until_ms: int) -> FootageDeletion:
        """Deletes every piece of a camera's recordings with a moment of this time."""
        params = {"from": since_ms, "to": until_ms}
        return await self._ask("DELETE", f"/api/cameras/{_path(camera_id)}/footage", FootageDeletion, params=params)

    async def person_footage(self, person_id: str) -> PersonFootage:
        """Recordings that show a person."""
        return await self._ask("GET", f"/api/people/{_path(person_id)}/footage", PersonFootage)

    async def erase_person(self, person_id: str, *, footage: bool = False) -> ErasureReceipt:
        """Destroys all that is known of a person, in history as well; with `footage`, recordings that show them too.
        Cannot be undone."""
        params = {"footage": "true"} if footage else {}
        return await self._ask("DELETE", f"/api/people/{_path(person_id)}", ErasureReceipt, params=params)

    async def references(self, person_id: str) -> tuple[EnrolledReference, ...]:
        """The accepted photos of a person."""
        return await self._ask("GET", f"/api/people/{_path(person_id)}/references", tuple[EnrolledReference, ...])

    async def add_photo(self, person_id: str, file_name: str, content: bytes) -> PhotoResult:
        """Enrols one photo, or says why not. `file_name` is kept without its folders."""
        files = [("files", (PurePath(file_name).name, content))]
        url = f"/api/people/{_path(person_id)}/references"
        photos = await self._ask("POST", url, _Photos, files=files)
        return photos.results[0]

    async def watch_lists(self) -> tuple[WatchListInfo, ...]:
        """All watch lists."""
        return await self._ask("GET", "/api/watch-lists", tuple[WatchListInfo, ...])

    async def create_watch_list(self, name: str) -> WatchListInfo:
        """A watch list of the server's default severity."""
        return await self._ask("POST", "/api/watch-lists", WatchListInfo, json={"name": name})

    async def add_to_watch_list(self, list_id: str, person_id: str) -> None:
        """Puts a person on a list; somebody who is on it stays on it."""
        await self._send("PUT", f"/api/watch-lists/{_path(list_id)}/people/{_path(person_id)}")

    async def identify(self, file_name: str, content: bytes) -> Identification:
        """The faces of a picture, and whose they are. Nothing of it is stored."""
        files = [("image", (PurePath(file_name).name, content))]
        return await self._ask("POST", "/api/identify", Identification, files=files)

    async def begin_analysis(
        self, files: Sequence[tuple[str, BinaryIO]], *, fps: float, annotate: bool
    ) -> AnalysisInfo:
        """Uploads recordings and pictures to be analysed. Names are kept without their folders."""
        uploads = [("files", (PurePath(name).name, content)) for name, content in files]
        fields = {"fps": str(fps), "annotate": str(annotate).lower()}
        return await self._ask("POST", "/api/analyses", AnalysisInfo, files=uploads, data=fields, timeout=None)

    async def analysis(self, analysis_id: str) -> AnalysisInfo:
        """How an analysis stands."""
        return await self._ask("GET", f"/api/analyses/{_path(analysis_id)}", AnalysisInfo)

    async def analysis_result(self, analysis_id: str, what: str) -> bytes:
        """A file of the result: `result.json`, `result.csv` or `files/{index}/annotated`."""
        return (await self._send("GET", f"/api/analyses/{_path(analysis_id)}/{what}")).content

    async def delete_analysis(self, analysis_id: str) -> None:
        """Ends an analysis if need be, and deletes everything of it."""
        await self._send("DELETE", f"/api/analyses/{_path(analysis_id)}")

    async def models(self) -> ModelsInfo:
        """Which models are chosen and in use."""
        return await self._ask("GET", "/api/models", ModelsInfo)

    async def choose_models(self, changes: Mapping[str, str | None]) -> ModelsInfo:
        """Chooses models by setting; `None` goes back to what the settings say."""
        return await self._ask("PATCH", "/api/models", ModelsInfo, json=dict(changes))

    async def search(
        self, file_name: str, content: bytes, *, cameras: Sequence[str] = (), from_ms: int | None = None,
        to_ms: int | None = None, limit: int = 50, threshold: float = 0.5,
    ) -> PastSearch:  # fmt: skip
        """Sightings of the largest face of a picture, on these cameras (none: on all) and within these times."""
        files = [("image", (PurePath(file_name).name, content))]
        given = {"camera": list(cameras) or None, "from": from_ms, "to": to_ms, "limit": limit, "threshold": threshold}
        fields = {name: value for name, value in given.items() if value is not None}
        return await self._ask("POST", "/api/search", PastSearch, files=files, data=fields)

    async def system(self) -> SystemInfo:
        """How the server and its engine are."""
        return await self._ask("GET", "/api/system", SystemInfo)

    async def _ask(self, method: str, path: str, answer: type[T], **request: Any) -> T:
        response = await self._send(method, path, **request)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as error:
            raise SightlineError(
                f"{method} {path}: this answer is not one of Sightline's ({error}); do versions differ?"
            ) from error

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, **request)
        except httpx.TimeoutException as error:
            raise Unavailable(f"the server at {self._http.base_url} did not answer in time") from error
        except httpx.TransportError as error:
            raise Unavailable(f"the server at {self._http.base_url} cannot be reached: {error}") from error
        if response.is_success:
            return response
        raise _error_of(response)


def _path(id: str) -> str:
    return quote(id, safe="")


def _error_of(response: httpx.Response) -> SightlineError:
    """The exception that the server's answer stands for."""
    words = _detail(response) or f"the server answered {response.status_code} {response.reason_phrase}"
    match response.status_code:
        case 401:
            return Forbidden(f"not signed in: {words}")
        case 403:
            return Forbidden(words)
        case 409:
            return Conflict(words)
        case 429 | 502 | 503 | 504:
            return Unavailable(words)
    return SightlineError(words)


def _detail(response: httpx.Response) -> str | None:
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return None
    detail = body.get("detail") if isinstance(body, dict) else None
    return detail if isinstance(detail, str) else None
