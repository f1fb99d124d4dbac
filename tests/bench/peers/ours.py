"""This library, as a host uses it: a desk over a database, and a session for each act."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.engine import make_url

from peers.client import Contender, Population, main, text_of
from population import populate
from referral_adapters.sql import SqlStore
from referral_core import Actor, Programme, ReferralDesk
from referral_core.session import Session

CONCLUDING: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
ACTIVATING: Final = CONCLUDING + timedelta(days=1)
HOST: Final = Actor.system("bench")


class Ours:
    """A desk on a database."""

    def __init__(self, url: str) -> None:
        programme = Programme.default()
        self._desk = ReferralDesk(programme, SqlStore(url, programme))

    def check(self, code: int) -> None:
        """Check a code for somebody who is no customer yet."""
        assert self._session(CONCLUDING).codes.check(text_of(code), customer="somebody").usable

    def record(self, code: int, newcomer: int) -> None:
        """Conclude a contract with a code, with all that belongs to it: the newcomer's own code is issued too."""
        session, name = self._session(CONCLUDING), f"new-{newcomer}"
        signed = session.sign_ups.conclude(name, account=name, customer=name, code=text_of(code))
        assert signed.referral is not None

    def activate(self, newcomer: int) -> None:
        """Activate the contract: both amounts are due, the newcomer's code is active."""
        assert self._session(ACTIVATING).contracts.activate(f"new-{newcomer}").grants

    def _session(self, now: datetime) -> Session:
        return self._desk.session(actor=HOST, now=now)


def prepare(url: str, population: Population) -> None:
    """Fill a database."""
    populate(make_url(url), population.codes)


def _opened(url: str, _: Population) -> Contender:
    return Ours(url)


if __name__ == "__main__":
    main(prepare, _opened)
