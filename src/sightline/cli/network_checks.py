"""What `sightline doctor` looks at between machines: TLS here, gateways of an engine, the engine of this machine."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from cryptography import x509

from sightline.cli.checks import Finding, Level
from sightline.exceptions import ConfigurationError
from sightline.settings import LOOPBACK_HOSTS, Settings
from sightline.trust import trusting

if TYPE_CHECKING:
    from sightline.service.engine_record import EngineRecord

__all__ = ["check_gateway", "check_own_engine", "check_tls"]

EXPIRES_SOON = timedelta(days=14)
ANSWER_TIMEOUT_S = 5.0


def check_tls(settings: Settings, now: datetime) -> Finding:
    """Whether what leaves this machine is encrypted, and until when the certificate is good. `now` is aware."""
    if settings.tls_cert is not None:
        return _certificate(settings.tls_cert, settings.tls_key or settings.tls_cert, now)
    if settings.tls == "self-signed":
        authority = settings.home / "keys" / "tls" / "authority.pem"
        if not authority.exists():
            return Finding("TLS", Level.OK, "an authority of this server's own will be made at the first start")
        return Finding("TLS", Level.OK, f"by an authority of this server's own: {authority}, and at /ca.crt")
    if settings.host in LOOPBACK_HOSTS:
        return Finding("TLS", Level.OK, "not spoken; only this machine can connect")
    if settings.trusted_proxies:
        return Finding("TLS", Level.OK, "left to the proxies in `trusted_proxies`")
    mend = "set tls_cert, or tls: self-signed, or put a proxy before it and name it in trusted_proxies"
    return Finding("TLS", Level.WARN, "not spoken, and others can connect: who listens sees faces and tokens", mend)


def check_own_engine(record: EngineRecord, now_ms: int, fresh_ms: int) -> Iterator[Finding]:
    """The `sightline engine` of this home folder, by what it wrote about itself."""
    standing = record.standing
    if now_ms - record.at_ms > fresh_ms:
        silent_s = (now_ms - record.at_ms) / 1000
        said = f"process {record.pid} has stood still for {silent_s:.0f} s"
        yield Finding("engine here", Level.FAIL, said, "restart it; its spool keeps what was not sent")
        return
    if standing.problem:
        said = f"no link to {standing.gateway}: {standing.problem}"
        waiting = f"; {standing.spool_facts} facts wait in its spool" if standing.spool_facts else ""
        yield Finding("engine here", Level.FAIL, said + waiting, "see the engine's log, and `doctor` at the gateway")
    else:
        found = f"linked to {standing.gateway}, {standing.cameras} cameras, load {standing.load:.0%}"
        yield Finding("engine here", Level.OK, found)
    for warning in standing.warnings:
        yield Finding("engine here", Level.WARN, warning, "see the system page of the gateway's console")


def check_gateway(url: str, ca_file: Path | None) -> Finding:
    """Whether an engine of this machine would reach a gateway, and believe that it is the one."""
    try:
        verify: ssl.SSLContext | bool = trusting(ca_file) if ca_file is not None else True
        with httpx.Client(timeout=ANSWER_TIMEOUT_S, verify=verify, trust_env=False) as http:
            http.get(f"{url.rstrip('/')}/health").raise_for_status()
    except ConfigurationError as problem:
        return Finding("gateway", Level.FAIL, str(problem), "give --ca-file the PEM file that the server printed")
    except httpx.HTTPStatusError as problem:
        code = problem.response.status_code
        return Finding("gateway", Level.FAIL, f"{url} answers {code}: that is no gateway", "look at the address")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        if "CERTIFICATE_VERIFY_FAILED" in str(problem):
            mend = f"give its authority with --ca-file: curl --insecure {url.rstrip('/')}/ca.crt, compare fingerprints"
            return Finding("gateway", Level.FAIL, f"the certificate of {url} is not trusted: {problem}", mend)
        said = str(problem) or type(problem).__name__
        mend = "is it running, and does it listen for others (host: 0.0.0.0)? Does a firewall let it through?"
        return Finding("gateway", Level.FAIL, f"{url} is not reached: {said}", mend)
    trusted = ", and its certificate is trusted" if url.startswith("https:") else ""
    return Finding("gateway", Level.OK, f"{url} answers{trusted}")


def _certificate(file: Path, key: Path, now: datetime) -> Finding:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key)
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "strerror", None) or str(error)
        said = f"{file} cannot be used with the key {key}: {reason}"
        return Finding("TLS", Level.FAIL, said, "see tls_cert and tls_key")
    until = certificate.not_valid_after_utc
    said = f"{file}, good until {until:%Y-%m-%d}, for {', '.join(_names(certificate)) or 'no name'}"
    if until <= now:
        return Finding("TLS", Level.FAIL, f"{said}: it has ended", "renew it; the server takes it up by itself")
    if until - now < EXPIRES_SOON:
        return Finding("TLS", Level.WARN, said, "renew it; the server takes it up by itself")
    return Finding("TLS", Level.OK, said)


def _names(certificate: x509.Certificate) -> Sequence[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return [str(name.value) for name in found]
