"""The service behind the endpoints: a programme over a store, and the host's own parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final, Protocol

import attrs

from referral_adapters.feed import Recordings
from referral_adapters.http.authentication import Authentication
from referral_adapters.http.monitoring import LOG, Observer, log
from referral_adapters.http.readiness import Readiness
from referral_adapters.memory import SlidingLimiter
from referral_core.desk import ReferralDesk
from referral_core.ports.limiter import Limiter
from referral_core.ports.requests import RequestRepository
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.values.errors import ReferralError

_BETWEEN: Final = timedelta(hours=1)
"""The least time between two removals of old answers."""


def _now() -> datetime:
    return datetime.now(UTC)


class ServiceStore(Store, Protocol):
    """A store behind endpoints: all repositories, transactions, and the answers kept for repeated requests."""

    @property
    def requests(self) -> RequestRepository:
        """The events that took effect, and the answers under idempotency keys."""
        ...

    def latest_recording(self) -> datetime | None:
        """Return the latest moment at which anything was recorded, ``None`` in an empty store."""
        ...

    def check_ready(self, within: float) -> None:
        """Look whether the store can be read and can keep a change, in so many seconds, and change nothing.

        Called in a thread of its own. The look shares no connection and no lock with requests, which may hold them
        for long.

        :raises ReferralError: it cannot; the text says why in one sentence, without anything secret.
        """
        ...


class AnswerRemoval:
    """The removal of answers that have been kept for long enough, about once an hour in each process."""

    def __init__(self, requests: RequestRepository, kept: timedelta) -> None:
        self._requests, self._kept = requests, kept
        self._next: datetime | None = None
        self._lock = Lock()

    def run(self, now: datetime) -> None:
        """Remove what is old, unless this was done less than an hour ago; a store that cannot be used is left alone."""
        with self._lock:
            if self._next is not None and now < self._next:
                return
            self._next = now + _BETWEEN
        try:
            self._requests.forget(now - self._kept)
        except ReferralError:  # the request that is being answered has been done, whatever becomes of this
            LOG.warning("old answers could not be removed", exc_info=True)


@attrs.frozen(kw_only=True)
class Service:
    """A programme over a store, with the host's own authentication, clock, limiter and observers.

    ``authenticate`` turns a request into its caller, ``clock`` returns the present moment, ``source`` is the name under
    which acts are published (the CloudEvents attribute), ``limiter`` counts the codes given by their texts, which the
    programme limits (A4), by default in this process alone; ``observers`` take note of every answered request.
    ``answers_kept`` is how long the answers to requests with an idempotency key are kept; older ones are removed about
    once an hour, after which their keys are free (A5).

    Answers to checks of the public and of customers leave after a whole number of ``answer_interval`` seconds, so that
    the answer for an unknown code takes as long as the one for an ended code (A4). So does every refusal of something
    that is not there, or not the caller's (A6). With 0 they leave at once.

    A store belongs to one programme (P5). Groups that the programme names and the store does not have are logged as a
    warning when the service is made.

    :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the store belongs to another programme.
    """

    programme: Programme
    store: ServiceStore
    authenticate: Authentication
    clock: Callable[[], datetime] = _now
    source: str = "/referral"
    limiter: Limiter = attrs.field(factory=SlidingLimiter)
    answer_interval: float = 0.01
    answers_kept: timedelta = timedelta(days=7)
    observers: tuple[Observer, ...] = (log,)
    desk: ReferralDesk = attrs.field(init=False, repr=False)
    readiness: Readiness = attrs.field(init=False, repr=False)
    recordings: Recordings = attrs.field(init=False, repr=False)
    removal: AnswerRemoval = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "desk", ReferralDesk(self.programme, self.store, limiter=self.limiter))
        if missing := self.desk.missing_groups():
            LOG.warning("the programme has groups that the store does not have: %s", ", ".join(missing))
        object.__setattr__(self, "recordings", Recordings(self.store))
        object.__setattr__(self, "readiness", Readiness(self._look))
        object.__setattr__(self, "removal", AnswerRemoval(self.store.requests, self.answers_kept))

    def _look(self, within: float) -> None:
        self.store.check_ready(within)
