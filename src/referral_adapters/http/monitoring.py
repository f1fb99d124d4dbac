"""Monitoring: the facts of every request for logs and metrics, without persons, ids, codes and addresses."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from referral_core.entities.actor import Role

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


LOG: Final = logging.getLogger("referral_adapters.http")
"""One record for each request, its facts in ``extra``; a defect of this side is an error with a traceback."""

_FACTS: Final = ("request_id", "endpoint", "role", "status", "seconds")


@attrs.frozen(kw_only=True)
class Answered:
    """The facts of an answered request: its id, endpoint, role, status, and duration in seconds."""

    request_id: str
    endpoint: str
    role: Role | None
    status: int
    seconds: float


class Observer(Protocol):
    """Takes note of every answered request."""

    def __call__(self, answered: Answered, /) -> None:
        """Take note of a request. Called in the event loop: it must not wait for anything."""
        ...


def log(answered: Answered) -> None:
    """Write a record to the log."""
    if LOG.isEnabledFor(logging.INFO):
        LOG.info("request", extra=attrs.asdict(answered))


class JsonLines(logging.Formatter):
    """Formats records as JSON Lines: the moment, the level, the message, and the facts of a request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        facts: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        facts |= {fact: getattr(record, fact) for fact in _FACTS if hasattr(record, fact)}
        if record.exc_info is not None:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps(facts)


class PrometheusFigures:
    """Counts requests and measures their durations, for Prometheus; needs the extra ``metrics``.

    Give it to a service as an observer, and let a path of the host's own answer with :meth:`exposed`, out of reach of
    strangers.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        import prometheus_client  # noqa: PLC0415 - only those who want figures need it

        self._exposed = prometheus_client.generate_latest
        self._collected = registry or prometheus_client.CollectorRegistry()
        self._durations = prometheus_client.Histogram(
            "referral_request_seconds",
            "How long requests took, by endpoint and status.",
            ("endpoint", "status"),
            registry=self._collected,
        )

    def __call__(self, answered: Answered, /) -> None:
        """Count a request."""
        self._durations.labels(answered.endpoint, str(answered.status)).observe(answered.seconds)

    def exposed(self) -> bytes:
        """Return the figures in Prometheus's text format."""
        return self._exposed(self._collected)
