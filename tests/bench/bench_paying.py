"""How much faster grants are paid by pages of ten thousand than row by row, in SQLite and in PostgreSQL.

Both pay to the database's own billing and leave the same: grants granted, discounts posted once under their keys, a row
in the trace for each. Row by row, each grant is taken, sent and settled in transactions of its own, as it must be where
billing takes one grant a call and a payer takes one grant at a time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

from sqlalchemy.engine import URL

from ratio import measured, report
from referral_adapters.memory import FlakyBilling
from referral_adapters.sql import SqlStore
from referral_core import Actor, Grant, Money, Programme, ReferralDesk, Side
from referral_core.services.payouts import PAGE, Payouts

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.adapters.postgres_server import postgres_server

ROUNDS: Final = 7
ROWS: Final = 200
NOON: Final = datetime(2021, 6, 1, 12, tzinfo=UTC)
PAYER: Final = Actor.system("bench")
PROGRAMME: Final = Programme.default()


class Bench:
    """Grants that come due in a database, and what takes care of them, page by page or row by row."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._numbers = count()
        self._own = store.billing

    def pages(self) -> float:
        """Return the seconds a grant takes of ten thousand that are paid as a page."""
        self._come_due(PAGE)
        self._store.billing = self._own
        return self._timed(PAGE, lambda payouts: payouts.pay_due())

    def rows(self) -> float:
        """Return the seconds a grant takes of a few that are paid one after another."""
        self._come_due(ROWS)
        self._store.billing = FlakyBilling(self._own)  # which takes one grant a call, and here never fails
        return self._timed(ROWS, self._pay_row_by_row)

    def _pay_row_by_row(self, payouts: Payouts) -> None:
        while payouts.pay_due(most=1).tried:
            pass

    def _timed(self, grants: int, pay: Callable[[Payouts], object]) -> float:
        payouts = ReferralDesk(PROGRAMME, self._store).session(actor=PAYER, now=NOON).payouts
        start = perf_counter()
        pay(payouts)
        taken = perf_counter() - start
        assert next(self._store.grants.all(unsettled=True), None) is None
        return taken / grants

    def _come_due(self, grants: int) -> None:
        with self._store.transaction():
            for _ in range(grants):
                number = next(self._numbers)
                self._store.grants.add(
                    Grant(
                        referral=f"K-{number:08}",
                        side=Side.REFEREE,
                        account=f"A-{number:08}",
                        amount=Money("7"),
                        effective_from=NOON,
                    )
                )


def main() -> None:
    """Measure in both databases and print."""
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory())
        urls = [URL.create("sqlite", database=f"{folder}/bench.db")]
        server = opened.enter_context(postgres_server())
        if server is not None:
            urls.append(opened.enter_context(server.database()))
        for url in urls:
            with SqlStore(url, PROGRAMME) as store:
                bench = Bench(store)
                ratio = measured(bench.rows, bench.pages, ROUNDS)
                report(
                    f"granting row by row in {url.get_backend_name()}",
                    f"by pages of {PAGE:,}",
                    ratio,
                    "at least 8 ×, aim 40 ×",
                )


if __name__ == "__main__":
    main()
