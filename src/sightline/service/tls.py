"""TLS in `serve`: with a certificate that the administrator gives, or one of this server's own making.

A certificate that is renewed, in its files or by us, serves every connection made after; open ones stay as they are.
"""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import structlog

from sightline.exceptions import ConfigurationError
from sightline.service.certificates import OwnCertificate, own_certificate
from sightline.settings import Settings

__all__ = ["ServerTls", "server_tls"]

LOOK_INTERVAL_S = 60.0
FOLDER = "tls"
"""Of the keys folder."""

log = structlog.get_logger(__name__)


class ServerTls:
    """`context` is what connections are accepted with; `own` is the certificate where it is of our making."""

    def __init__(self, settings: Settings) -> None:
        """Raises `ConfigurationError`."""
        self._settings = settings
        self._names = tuple(_names(settings))  # looked up once: a name server may be slow
        self.own: OwnCertificate | None = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._load()

    async def keep_fresh(self) -> None:
        """Loads what has been renewed, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_INTERVAL_S)
            self.look()

    def look(self) -> None:
        """Loads the certificate again if it has been renewed, or has to be."""
        try:
            self._renew()
            if self._marks(*self._files()) != self._seen:
                self._seen = self._load()
                log.info("certificate_loaded", file=str(self._files()[0]))
        except ConfigurationError as problem:  # half of the pair is new: the old one serves until the other half is
            log.error("certificate_not_loaded", problem=str(problem))

    def _load(self) -> tuple[object, ...]:
        """Reads the files; what they were like then."""
        self._renew()
        certificate, key = self._files()
        marks = self._marks(certificate, key)
        # A pair that does not fit must not take the place of one that does: it is tried apart.
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
            try:
                context.load_cert_chain(certificate, key)
            except (OSError, ssl.SSLError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise ConfigurationError(
                    f"the certificate {certificate} cannot be used with the key {key}: {reason}", key="tls_cert"
                ) from error
        return marks

    def _renew(self) -> None:
        if self._settings.tls == "self-signed":
            folder = self._settings.home / "keys" / FOLDER
            self.own = own_certificate(folder, self._names, datetime.datetime.now(datetime.UTC))

    def _files(self) -> tuple[Path, Path]:
        if self.own is not None:
            return self.own.certificate, self.own.key
        settings = self._settings
        assert settings.tls_cert is not None
        return settings.tls_cert, settings.tls_key or settings.tls_cert

    def _marks(self, *files: Path) -> tuple[object, ...]:
        try:
            return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in (file.stat() for file in files))
        except OSError as error:
            raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}", key="tls_cert") from error


def server_tls(settings: Settings) -> ServerTls | None:
    """TLS as the settings want it; `None` without. Raises `ConfigurationError`."""
    if settings.tls == "self-signed" and settings.tls_cert is not None:
        raise ConfigurationError("tls_cert is a certificate of yours, tls: self-signed one of ours: choose", key="tls")
    if settings.tls_key is not None and settings.tls_cert is None:
        raise ConfigurationError("tls_key needs its certificate: tls_cert", key="tls_key")
    return ServerTls(settings) if settings.tls == "self-signed" or settings.tls_cert is not None else None


def _names(settings: Settings) -> Iterator[str]:
    """What people may call this machine."""
    yield from ("localhost", "127.0.0.1", "::1")
    yield from settings.tls_names
    if settings.host not in ("0.0.0.0", "::"):
        yield settings.host
    for name in (socket.gethostname(), socket.getfqdn()):
        if name.isascii() and "_" not in name and 0 < len(name) < 64:
            yield name.lower()
    yield from _own_addresses()


def _own_addresses() -> Iterator[str]:
    """Of the interfaces by which this machine would reach others: nothing is sent."""
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                yield probe.getsockname()[0].partition("%")[0]
        except OSError:
            continue
