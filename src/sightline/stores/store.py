"""One store: every repository on one database and one media folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import URL

from sightline.clock import Clock, SystemClock
from sightline.events.alert import Alert
from sightline.exceptions import StoreError
from sightline.stores import log
from sightline.stores.alerts import Alerts, expire, raised
from sightline.stores.audit import Audit
from sightline.stores.camera_leases import CameraLeases
from sightline.stores.camera_views import CameraViews
from sightline.stores.cameras import Cameras
from sightline.stores.channels import Channels
from sightline.stores.clips import AlertClips
from sightline.stores.cluster import Cluster
from sightline.stores.database import Database
from sightline.stores.duty import Duty
from sightline.stores.escalations import Escalations
from sightline.stores.floods import Floods
from sightline.stores.history import History
from sightline.stores.log import Log
from sightline.stores.machine_tokens import MachineTokens
from sightline.stores.media import MediaFolder
from sightline.stores.migrations import upgrade
from sightline.stores.models import Models
from sightline.stores.negatives import Negatives
from sightline.stores.notices import Notices
from sightline.stores.people import People
from sightline.stores.pictures import AlertPictures
from sightline.stores.push_subscriptions import PushSubscriptions
from sightline.stores.quiet_periods import QuietPeriods
from sightline.stores.sightings import Sightings
from sightline.stores.strangers import Strangers
from sightline.stores.users import Users
from sightline.stores.vault import Vault
from sightline.stores.watch_lists import WatchLists
from sightline.stores.workers import Workers
from sightline.stores.workstation_actions import WorkstationActions
from sightline.stores.workstations import Workstations

__all__ = ["FILE_NAME", "MEDIA_FOLDER", "SqlStore", "database_address", "new_file"]

FILE_NAME = "sightline.db"
MEDIA_FOLDER = "media"
FILE_THREADS = 2
FILE_CALL_LIMIT = 2048

_SYSTEM_CLOCK = SystemClock()


class SqlStore:
    """Made by `open`, ended by `close`; used from the event loop that opened it."""

    def __init__(self, database: Database, vault: Vault, media: MediaFolder, tz: tzinfo) -> None:
        self._workers = Workers("store-files", threads=FILE_THREADS, limit=FILE_CALL_LIMIT)
        self.database = database
        self.cluster = Cluster(database)
        self.users = Users(database)
        self.machine_tokens = MachineTokens(database)
        self.cameras = Cameras(database, vault)
        self.camera_leases = CameraLeases(database)
        self.camera_views = CameraViews(database)
        self.history = History(database)
        self.pictures = AlertPictures(database, media, self._workers, tz)
        self.clips = AlertClips(database, media, self._workers, self.pictures)
        self.people = People(database, vault, self.pictures)
        self.models = Models(database, vault)
        self.watch_lists = WatchLists(database)
        self.alerts = Alerts(database, self.pictures, vault)
        self.sightings = Sightings(database, vault)
        self.strangers = Strangers(database, vault, self.pictures)
        self.negatives = Negatives(database, vault, self.pictures)
        self.log = Log(database, expire)
        self.duty = Duty(database)
        self.quiet_periods = QuietPeriods(database, self.pictures)
        self.escalations = Escalations(database)
        self.floods = Floods(database)
        self.audit = Audit(database)
        self.push_subscriptions = PushSubscriptions(database, vault)
        self.channels = Channels(database, vault)
        self.notices = Notices(database)
        self.workstations = Workstations(database)
        self.workstation_actions = WorkstationActions(database, vault)

    @classmethod
    async def open(
        cls, home: Path, url: str | None, *, master_key: bytes, on_commit: Callable[[int], None], tz: tzinfo,
        clock: Clock = _SYSTEM_CLOCK, on_alerts: Callable[[Sequence[Alert]], None] | None = None,
    ) -> SqlStore:  # fmt: skip
        """Opens the store under `home`, brings its tables up to date and puts right what a crash left.

        `url` is the database's address; without it, a file in `home`. `on_commit` is called on the event loop with the
        log's top offset after every commit that appended to the log, before its writers go on; `on_alerts` before
        that with the alerts that the commit raised, so that nobody need read them. `tz` is the zone of the folders of
        pictures. `clock` dates a new database and tells which pictures are orphans.

        Raises `ConfigurationError` for an address that is none, `StoreError` for a database that is damaged, newer than
        this program or sealed with another key, `Unavailable` when the disk is full or another program holds it.
        """
        vault, media = Vault(master_key), MediaFolder(home / MEDIA_FOLDER)
        media.prepare()
        database = Database(url or _file_in(home))
        await database.open()
        store = cls(database, vault, media, tz)
        try:
            await database.write(lambda c: upgrade(c, clock.now_ms()))
            await database.write(vault.check)
            if on_alerts is not None:
                database.on_results = _alerts_to(on_alerts)
            await database.watch(log.top, on_commit)
            await store.pictures.heal(clock.now_ms())
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Finishes what was begun, then lets go of database and threads."""
        await self.database.close()
        await self._workers.close()


def _alerts_to(on_alerts: Callable[[Sequence[Alert]], None]) -> Callable[[Sequence[object]], None]:
    def told(results: Sequence[object]) -> None:
        alerts = raised(results)
        if alerts:
            on_alerts(alerts)

    return told


def database_address(home: Path, url: str | None) -> str | None:
    """The address of the store's database: `url`, else the file in `home`; `None` while there is no such file."""
    file = home.absolute() / FILE_NAME
    return url or (URL.create("sqlite", database=str(file)).render_as_string() if file.is_file() else None)


def _file_in(home: Path) -> str:
    """The address of the database in `home`; its file is made, for its owner only."""
    file = home.absolute() / FILE_NAME
    new_file(file)
    return URL.create("sqlite", database=str(file)).render_as_string()


def new_file(file: Path) -> None:
    """An empty file for SQLite where there is none. Raises `StoreError`."""
    try:
        file.touch(mode=0o600)  # the files that SQLite puts beside it get the same mode
    except OSError as error:
        raise StoreError(f"the database {file} cannot be made: {error.strerror}") from error
