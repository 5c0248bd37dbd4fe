"""Logs: to standard error, readable on a machine of one's own, JSON lines in production."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"password|secret|token|api_?key|authorization|private", re.IGNORECASE)
HIDDEN = "[hidden]"


def hide_secrets(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the value of every field whose name sounds like a secret."""
    for key in event:
        if SECRET_KEYS.search(key):
            event[key] = HIDDEN
    return event


# What both libraries' records pass through.
SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    hide_secrets,
)
# One line per task or request says nothing that the journal and the metrics do not say better.
QUIET = (
    "django.server", "celery.beat", "celery.app.trace", "celery.worker.strategy",
    "uvicorn.access", "numba", "httpx", "axes",
)  # fmt: skip


def logging_config(*, as_json: bool) -> dict[str, Any]:
    """Return ``LOGGING``; records of the standard library and of structlog come out alike."""
    _configure_structlog()
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [
            # plain: rich tracebacks take a second each and would print local variables, secrets too
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            **{name: {"level": "WARNING"} for name in QUIET},
            "psycopg.pool": {"level": "ERROR"},  # says every try; what meets the error says it once
        },
    }


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
