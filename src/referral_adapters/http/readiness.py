"""Readiness: whether the store can be used, judged in a thread of its own, within a time of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from threading import Lock, Thread
from time import monotonic
from typing import Final

from referral_adapters.http.models.answer import ProblemKind
from referral_adapters.http.monitoring import LOG
from referral_adapters.http.problems import HttpProblem
from referral_core.values.errors import ReferralError

WITHIN: Final = 2.0
"""The seconds after which a store that has not answered is not ready."""
FRESH: Final = 1.0
"""The seconds for which a verdict holds, so that those who ask often do not become a burden."""


class Readiness:
    """The verdict on a store: one look at a time, for all who ask meanwhile.

    ``look`` gets the seconds it may take and raises what is wrong. It runs in a thread of its own: in one of those that
    requests share, it would wait behind requests that wait for the store.
    """

    def __init__(self, look: Callable[[float], None], *, within: float = WITHIN, fresh: float = FRESH) -> None:
        self._look, self._within, self._fresh = look, within, fresh
        self._lock = Lock()
        self._last: Future[None] | None = None
        self._ended_at = 0.0

    async def judge(self) -> None:
        """Return if the store can be used.

        :raises HttpProblem: it cannot, for a reason that stands in ``detail``, or does not answer in time.
        """
        verdict = asyncio.wrap_future(self._latest())
        try:
            await asyncio.wait_for(verdict, self._within)
        except TimeoutError:
            raise _not_ready(f"The store does not answer within {self._within:g} seconds.") from None
        except ReferralError as error:
            raise _not_ready(str(error)) from error
        except Exception as error:
            LOG.error("cannot judge the store", exc_info=error)
            raise _not_ready(None) from error

    def _latest(self) -> Future[None]:
        """Return the look that is on the way, or a fresh verdict, or a new look."""
        with self._lock:
            last = self._last
            if last is not None and (not last.done() or monotonic() - self._ended_at < self._fresh):
                return last
            self._last = look = Future[None]()
            look.set_running_or_notify_cancel()  # so that who stops waiting does not cancel it for the others
            Thread(target=self._run, args=[look], name="readiness", daemon=True).start()
            return look

    def _run(self, look: Future[None]) -> None:
        try:
            self._look(self._within)
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for the verdict
            self._ended_at = monotonic()
            look.set_exception(error)
        else:
            self._ended_at = monotonic()
            look.set_result(None)


def _not_ready(detail: str | None) -> HttpProblem:
    return HttpProblem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemKind.STORE_UNAVAILABLE,
        "The store cannot be used at this moment.",
        detail,
        headers={"Retry-After": "5"},
    )
