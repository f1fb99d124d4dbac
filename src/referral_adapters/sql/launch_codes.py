"""The codes of a launch in a database."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

import attrs
from sqlalchemy import bindparam, exists, func, select

from referral_adapters.sql.among import Among
from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.code_tables import CODE_TEXTS, PROMO_CODE_HISTORY, PROMO_CODES
from referral_adapters.sql.contract_tables import ACCOUNTS, CONTRACTS
from referral_adapters.sql.loading import Loading
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.promo_codes import ROWS, history_row
from referral_adapters.sql.trace import entry_row, heads_between
from referral_adapters.sql.trace_tables import TRACE_ENTRIES
from referral_adapters.sql.types import Moment
from referral_adapters.sql.work import Work
from referral_core.entities.codeless_account import CodelessAccount, CodelessPage
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.trace_entry import GENESIS, TraceEntry, TraceNote
from referral_core.values.errors import ConcurrentChange, Refusal

_COUNT: Final = select(func.count().label("total")).select_from(ACCOUNTS)
_LOOKED_AT: Final = (
    select(ACCOUNTS.c.account)
    .where(ACCOUNTS.c.account > bindparam("after"))
    .order_by(ACCOUNTS.c.account)
    .limit(bindparam("most"))
    .subquery()
)
_WINDOW: Final = select(func.count().label("total"), func.max(_LOOKED_AT.c.account).label("last"))
_C: Final = CONTRACTS.c
_P: Final = PROMO_CODES.c
# Both sides are bound to the page, so that no plan can make the whole table of it.
_CODELESS: Final = (
    select(
        _C.account,
        _C.customer,
        _C.product,
        _C.segment,
        _C.first_name,
        (_C.ended_at.is_(None) & (_C.activated_at <= bindparam("at", type_=Moment))).label("in_force"),
    )
    .where(_C.account > bindparam("after"), _C.account <= bindparam("last"))
    .where(~exists().where(_P.account == _C.account, _P.account > bindparam("after"), _P.account <= bindparam("last")))
    .order_by(_C.account, _C.concluded_at, _C.id)
)
_CODELESS_LOCKED: Final = _CODELESS.with_for_update(read=True, of=CONTRACTS)
_TAKEN: Final = Among(select(CODE_TEXTS.c.text), CODE_TEXTS.c.text)
_HELD: Final = Among(select(func.count().label("held")), _P.account)
_NEW_TEXTS: Final = Loading(CODE_TEXTS)
_NEW_CODES: Final = Loading(PROMO_CODES)
_NEW_STATES: Final = Loading(PROMO_CODE_HISTORY)
_NEW_ENTRIES: Final = Loading(TRACE_ENTRIES)


@attrs.frozen
class SqlLaunchCodes:
    """The port ``LaunchCodes`` in a database, guarded by the same keys, exclusions and triggers as ever.

    In a PostgreSQL transaction ``codeless`` locks the contracts of its page, and lets one run in at a time.
    """

    work: Work

    def count(self) -> int:
        """Return how many accounts there are."""
        row = self.work.row(_COUNT)
        return 0 if row is None else int(row.total)

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Look at the next ``limit`` accounts whose id is above ``after``, by the code points of the id.

        Returned are those that never held a code and on which a contract is in force: open, and activated at or
        before ``at``. In a transaction their contracts stay as they are until it ends, and a second run waits for it.
        """
        self.work.lock("launch")
        window = self.work.row(_WINDOW, {"after": after, "most": limit})
        if window is None or window.last is None:
            return CodelessPage((), 0, None)
        looked_at, last = int(window.total), str(window.last)
        # A lock would end with the statement anyhow, and who may only read may not lock.
        statement = _CODELESS_LOCKED if self.work.locks else _CODELESS
        rows = self.work.rows(statement, {"after": after, "last": last, "at": at})
        by_account = groupby(rows, itemgetter(0))
        found = [_codeless(list(contracts)) for _, contracts in by_account]
        return CodelessPage(
            tuple([each for each in found if each.supplies]), looked_at, last if looked_at == limit else None
        )

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return which of these canonical texts some account holds or held (C1)."""
        return frozenset([row.text for row in _TAKEN.rows(self.work, texts)])

    @atomic
    def add(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all of it or nothing.

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored. Ask
            again for what is codeless.
        """
        work, heads = self.work, heads_between(self.work, [note.subject for note in notes])
        rows = [ROWS.row(code, revision=1) for code in codes]
        try:
            with _NEW_CODES.sending(work, _NEW_CODES.blocks(work, ({**row, "place": 1} for row in rows))):
                # PostgreSQL is busy with the guard of C6 for longer than all of this takes.
                texts = list(_NEW_TEXTS.blocks(work, rows))
                states = list(_NEW_STATES.blocks(work, (history_row(row, at) for row in rows)))
                entries = list(_NEW_ENTRIES.blocks(work, map(entry_row, _chained(notes, heads))))
            _NEW_TEXTS.send(work, texts)
            _NEW_STATES.send(work, states)
            _NEW_ENTRIES.send(work, entries)
        except Refusal as quicker:
            raise ConcurrentChange("Somebody else issued a code to one of the accounts at the same time.") from quicker
        held = _HELD.rows(self.work, [code.account for code in codes])
        if held and held[0].held != len(codes):
            raise ConcurrentChange("One of the accounts has come to hold a code.")


def _codeless(contracts: Sequence[Row]) -> CodelessAccount:
    supplies = tuple([(contract.product, contract.segment) for contract in contracts if contract.in_force])
    names = [contract.first_name for contract in contracts if contract.first_name]
    return CodelessAccount(contracts[0].account, contracts[0].customer, supplies, names[-1] if names else None)


def _chained(notes: Sequence[TraceNote], heads: dict[str, tuple[int, str]]) -> Iterator[TraceEntry]:
    for note in notes:
        number, previous = heads.get(note.subject, (0, GENESIS))
        entry = TraceEntry.numbered(note, number + 1, previous, secrets.token_hex(16))
        heads[note.subject] = number + 1, entry.hash
        yield entry
