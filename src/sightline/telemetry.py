"""Logs: one way out for everything that is said, readable on a terminal and JSON for machines.

Sightline's own loggers are structlog's; those of the libraries are the standard library's. Both pass through the same
chain, whose last step before rendering is `redact_event`: whoever logs a source, a header or a traceback by mistake
still tells nobody's password.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from sightline.cameras import redact
from sightline.exceptions import ConfigurationError

__all__ = ["configure", "redact_event", "redact_text"]

HIDDEN = "***"
FILE_BYTES = 20 * 1024 * 1024
FILES_KEPT = 5
"""Beside the file that is written to: `….1` is the newest."""

_SECRET_NAME = re.compile(
    r"(?i)passw(?:or)?d|passphrase|secret|token|authori[sz]ation|cookie|credential|(?:api|master|private|data)_?key"
)
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_ASSIGNED = re.compile(
    r"""(?ix) \b (\w*(?:password|passwd|passphrase|secret|token|api_?key))    # a name that promises a secret
        (['"]?\s*[=:]\s*['"]?)                                              # password=…, 'password': '…'
        (?!\s|\*\*\*)[^\s,;'"&)}\]]+"""
)

# What libraries say at their information level is of no interest to an operator; nor what those of WebRTC say of every
# packet.
_QUIET = ("aioice", "aiortc", "alembic", "httpcore", "httpx", "multipart", "python_multipart", "uvicorn", "websockets")

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
)

_FIRST = ("timestamp", "level", "logger", "event")


def configure(
    level: str,
    format: Literal["auto", "console", "json"],
    *,
    stream: TextIO | None = None,
    file: Path | None = None,
    rotates: bool = True,
) -> None:
    """Sends all logs of this process to `stream` (standard error), from `level` up. Calling it again replaces it.

    `format` is `console`, `json`, or `auto`: `console` when `stream` is a terminal. `file` gets the same as lines of
    JSON, whatever the format; of several processes that write to one, one `rotates` it. uvicorn must be run with
    `log_config=None`, so that its loggers come through here as well. Raises `ConfigurationError` for a file that cannot
    be written.
    """
    out = stream or sys.stderr
    readable = format == "console" or (format == "auto" and out.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(out)]
    handlers[0].setFormatter(_readable(colours=out.isatty()) if readable else _for_machines())
    if file is not None:
        handlers.append(_file_handler(file, rotates=rotates))
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    quiet = max(root.level, logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(quiet)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    logging.getLogger("uvicorn.error").addFilter(_worth_saying)


def _file_handler(file: Path, *, rotates: bool) -> logging.Handler:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = (
            logging.handlers.RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
            if rotates
            else logging.handlers.WatchedFileHandler(file, encoding="utf-8")
        )
    except OSError as problem:
        raise ConfigurationError(f"log_file: {file} cannot be written: {problem.strerror}", key="log_file") from None
    handler.setFormatter(_for_machines())
    return handler


def _readable(*, colours: bool) -> logging.Formatter:
    return _formatter(
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False), structlog.dev.ConsoleRenderer(colors=colours)
    )


def _for_machines() -> logging.Formatter:
    return _formatter(structlog.processors.TimeStamper(fmt="iso", utc=True), _json)


def _formatter(time: Processor, rendering: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_colours, time, redact_event, rendering,
        ],
    )  # fmt: skip


def _worth_saying(record: logging.LogRecord) -> bool:
    """uvicorn calls every handshake that we refuse an error; strangers could fill the log with them."""
    return "without completing handshake" not in record.getMessage()


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event with every token, password and source credential replaced by `***`, however deep it lies."""
    return {name: _redacted(name, value) for name, value in event.items()}


def redact_text(text: str) -> str:
    """`text` without the secrets that can be told by their shape.

    >>> redact_text("rtsp://admin:pw@10.0.0.9/1 refused, Authorization: Bearer abcdef")
    'rtsp://***@10.0.0.9/1 refused, Authorization: Bearer ***'
    """
    text = _BEARER.sub(rf"\1 {HIDDEN}", _JWT.sub(HIDDEN, text))
    return _ASSIGNED.sub(rf"\1\2{HIDDEN}", redact(text))


def _redacted(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {str(key): _redacted(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", item) for item in value]
    return redact_text(str(value))


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """uvicorn says everything twice, the second time in colour."""
    event.pop("color_message", None)
    return event


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    ordered = {name: event[name] for name in (*_FIRST, *event) if name in event}
    return orjson.dumps(ordered).decode()
