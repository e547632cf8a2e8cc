"""
Structured logs: events with fields, one chain for our own and for libraries' records.

Redaction happens inside the chain, so that no caller has to remember it, and free text of people
and payloads never pass.
"""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

HIDDEN = "***"

_SECRET_KEYS = re.compile(
    r"token|secret|password|passwd|authorization|cookie|signature|api_?key|credential|salt",
    re.IGNORECASE,
)
_PAYLOAD_KEYS = frozenset(
    [
        "payload",
        "body",
        "blocks",
        "text",
        "reason",
        "message_text",
        "prompt",
        "content",
        "headers",
        "view",
        "form",
    ]
)
_SECRET_TEXT = re.compile(
    r"xox[abeprs]-[\w-]+|xapp-[\w-]+"  # Slack
    r"|(?<=://)[^/\s@]+(?=@)"  # credentials in a URL
    r"|(?i:(?<=bearer )[\w.~+/=-]+)"
    r"|https://hooks\.slack\.com/\S+"
)
_LIBRARIES = {
    "httpx": "WARNING",
    "httpx2": "WARNING",  # writes whole addresses at INFO
    "httpcore": "WARNING",
    "apscheduler": "ERROR",
}


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide secrets by name and by shape, and drop what may be somebody's payload."""
    for name in list(event):
        if name in _PAYLOAD_KEYS:
            del event[name]
        elif _SECRET_KEYS.search(name) and event[name] is not None:
            event[name] = HIDDEN
        else:
            event[name] = _clean(event[name])
    return event


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, MutableMapping):
        return redact(None, "", dict(value))
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def set_up(log_format: Literal["json", "console"], level: str) -> None:
    """Send every log record of this process to standard error, one line each."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"chain": {"()": lambda: formatter(log_format, shared)}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chain"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {name: {"level": at} for name, at in _LIBRARIES.items()},
        }
    )


def formatter(
    log_format: Literal["json", "console"], shared: list[structlog.typing.Processor]
) -> structlog.stdlib.ProcessorFormatter:
    """Return the last part of the chain: exceptions become text *before* redaction sees them."""
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            last,
        ],
    )
