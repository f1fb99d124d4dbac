"""Promo codes in a database, with their history and their sharings."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import attrs
from sqlalchemy import (
    ScalarSelect,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.bulk_load import BulkLoad
from referral_adapters.sql.contracts import OF_CUSTOMER
from referral_adapters.sql.contracts import ROWS as CONTRACT_ROWS
from referral_adapters.sql.groups import ALL as ALL_GROUPS
from referral_adapters.sql.groups import SqlGroups
from referral_adapters.sql.prepared import Directory, Lockable, Row, row_maker
from referral_adapters.sql.referrals import LIVE_OF
from referral_adapters.sql.rows import Rows, code_state
from referral_adapters.sql.statements import Among, without
from referral_adapters.sql.tables import (
    ACCOUNTS,
    CODE_TEXTS,
    CONTRACTS,
    CUSTOMER_ACCOUNTS,
    GROUPS,
    LIVE_REFERRALS,
    PROMO_CODE_HISTORY,
    PROMO_CODES,
    SHARINGS,
    TRACE_ENTRIES,
)
from referral_adapters.sql.trace import ENTRIES, heads_between
from referral_adapters.sql.types import Moment
from referral_adapters.sql.unit_of_work import Known, Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.promo_code import PromoCode, Sharing, codes_over_time
from referral_core.entities.trace import GENESIS, TraceEntry, TraceNote
from referral_core.ports.codes import CodelessAccount, CodelessPage, Evidence
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import Recorded, learned_at

ROWS: Final = Rows(PromoCode, PROMO_CODES)


@attrs.frozen
class StoredCode:
    """A code as stored, the number of states it has had, and the moment at which this one was recorded."""

    code: PromoCode
    revision: int
    recorded_at: datetime


def _stored(row: Row) -> StoredCode:
    return StoredCode(ROWS.entity(row), row.revision, row.recorded_at)


_BY_TEXT: Final = select(PROMO_CODES).where(PROMO_CODES.c.text == bindparam("of"))
_HOLDER: Final = Directory(
    PROMO_CODES.c.account, select(CODE_TEXTS.c.account).where(CODE_TEXTS.c.text == bindparam("of"))
)
UNLOCKED: Final = Lockable(_BY_TEXT, is_locked=False, directory=_HOLDER)
"""The code with a text, without a lock."""
TO_BE_CHANGED: Final = Lockable(_BY_TEXT, directory=_HOLDER)
"""The code with a text, locked ``FOR UPDATE``: it waits for all who use the code, and they wait for it."""
BY_TEXT: Final = Lookup(
    Lockable(_BY_TEXT, shared=PROMO_CODES, directory=_HOLDER), lambda rows: _stored(rows[0]) if rows else None
)
"""The code with a text, locked ``FOR SHARE``: many transactions may use it at once, and none may change it."""
OF_ACCOUNT: Final = Lookup(
    Lockable(
        select(PROMO_CODES).where(PROMO_CODES.c.account == bindparam("of")).order_by(PROMO_CODES.c.place),
        is_locked=False,
    ),
    lambda rows: tuple(map(_stored, rows)),
)
"""The codes that an account holds or held, in the order of issuing; the account's name is locked, not the rows."""
_NEW_TEXT: Final = insert(CODE_TEXTS)
_NEW: Final = insert(PROMO_CODES)
_CHANGE: Final = (
    update(PROMO_CODES)
    .where(PROMO_CODES.c.account == bindparam("of"), PROMO_CODES.c.text == bindparam("called"))
    .where(PROMO_CODES.c.revision == bindparam("last"))
)
_RECORD: Final = insert(PROMO_CODE_HISTORY)


_CODES: Final = PROMO_CODES.c
_STATES: Final = PROMO_CODE_HISTORY.c
_HISTORY: Final = select(PROMO_CODE_HISTORY).where(_STATES.account == bindparam("of")).order_by(_STATES.revision)
_LOOKED_AT: Final = (
    select(ACCOUNTS.c.account)
    .where(ACCOUNTS.c.account > bindparam("after"))
    .order_by(ACCOUNTS.c.account)
    .limit(bindparam("most"))
    .subquery()
)
_WINDOW: Final = select(func.count().label("total"), func.max(_LOOKED_AT.c.account).label("last"))
_CONTRACTS: Final = CONTRACTS.c
# Contracts and codes are both bounded by the page: otherwise a planner may choose to read the whole table of codes.
_CODELESS: Final = (
    select(
        _CONTRACTS.account,
        _CONTRACTS.customer,
        _CONTRACTS.product,
        _CONTRACTS.segment,
        _CONTRACTS.first_name,
        (_CONTRACTS.ended_at.is_(None) & (_CONTRACTS.activated_at <= bindparam("at", type_=Moment))).label("in_force"),
    )
    .where(_CONTRACTS.account > bindparam("after"), _CONTRACTS.account <= bindparam("last"))
    .where(
        ~exists().where(
            _CODES.account == _CONTRACTS.account,
            _CODES.account > bindparam("after"),
            _CODES.account <= bindparam("last"),
        )
    )
    .order_by(_CONTRACTS.account, _CONTRACTS.concluded_at, _CONTRACTS.id)
)
_CODELESS_LOCKED: Final = _CODELESS.with_for_update(read=True, of=CONTRACTS)
_TAKEN: Final = Among(select(CODE_TEXTS.c.text), CODE_TEXTS.c.text)
_ACCOUNTS_OF: Final = Among(select(CUSTOMER_ACCOUNTS), CUSTOMER_ACCOUNTS.c.customer)
_ENDED_BY_HAND: Final = Among(
    select(_CODES.account).where(_CODES.ended_by_hand_at.is_not(None)).distinct(), _CODES.account
)
_HOLDERS: Final = Among(select(func.count().label("held")), _CODES.account)
_NEW_TEXTS: Final = BulkLoad(CODE_TEXTS)
_NEW_CODES: Final = BulkLoad(PROMO_CODES)
_NEW_ENTRIES: Final = BulkLoad(TRACE_ENTRIES)
_ONE: Final = select(literal_column("1").label("always")).subquery("one")
_HOLDER_OF_CODE: Final = select(CODE_TEXTS.c.account).where(CODE_TEXTS.c.text == bindparam("code")).scalar_subquery()
_HELD: Final = (
    select(PROMO_CODES)
    .where(PROMO_CODES.c.account == _HOLDER_OF_CODE, PROMO_CODES.c.text == bindparam("code"))
    .subquery("held")
)
_LIVE: Final = (
    select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == bindparam("customer")).subquery("live")
)
_OWN_ACCOUNTS: Final = select(CUSTOMER_ACCOUNTS.c.account).where(CUSTOMER_ACCOUNTS.c.customer == bindparam("customer"))
_OWN: Final = (
    select(CONTRACTS)
    .where(CONTRACTS.c.account.in_(_OWN_ACCOUNTS), CONTRACTS.c.customer == bindparam("customer"))
    .subquery("own")
)


def _stamp(group: str) -> ScalarSelect[str]:
    return select(GROUPS.c.stamp).where(GROUPS.c.id == bindparam(group)).scalar_subquery()


GATHERED: Final = (
    select(
        _LIVE.c.contract.label("live_contract"),
        _stamp("referrer_group").label("referrer_stamp"),
        _stamp("referee_group").label("referee_stamp"),
        *(column.label(f"code_{column.name}") for column in _HELD.c),
        *_OWN.c,
    )
    .select_from(_ONE)
    .outerjoin(_HELD, true())
    .outerjoin(_LIVE, true())
    .outerjoin(_OWN, true())
    .order_by(_OWN.c.concluded_at, _OWN.c.id)
)
"""A row for each contract of the customer and each live referral, or one without: code and groups in every one.

The code, the live referral and the stamps of the groups are repeated in every row. On a cluster these tables lie on
different nodes, so that lookups take the place of this statement.
"""
# The columns of the code stand behind the three labels, and have a prefix: contracts have columns of the same names.
_CODE_COLUMNS: Final = slice(3, 3 + len(PROMO_CODES.c))
_held_code_row: Final[Callable[[tuple[Any, ...]], Row]] = row_maker(PROMO_CODES.c.keys())
_NEW_SHARING: Final = insert(SHARINGS)
_SHARED: Final = select(func.count().label("total")).select_from(SHARINGS).where(SHARINGS.c.account == bindparam("of"))
_SHARED_BY: Final = _SHARED.where(SHARINGS.c.at <= bindparam("by"))


_PRESENT: Final = ("text", "account", "customer", "issued_at", "issued_by", "issuing")
"""The columns that the history does not keep: they never change, except that a person may be erased (A5)."""


@attrs.frozen
class SqlCodes:
    """Promo codes in a database, which guards C1 by a key, and C6 by an exclusion constraint or by triggers.

    In a PostgreSQL transaction ``add`` and ``replace`` lock the account by name, as ``SqlContracts`` does, and ``find``
    locks the code ``FOR SHARE``. ``codeless`` locks the contracts of its page and admits one launch run at a time.
    Triggers refuse every change of the history except the erasing of words (A5).

    On one server the evidence of a check is one statement (P4). Groups are kept from one check to the next, and read
    again when their stamps have changed.
    """

    work: Work
    _groups: SqlGroups

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text; the list of all texts leads to the account that holds it."""
        held = self.work.ask(BY_TEXT, text)
        return None if held is None else held.code

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes, past ones included, by one statement along its part of the primary key."""
        return tuple([each.code for each in self.work.ask(OF_ACCOUNT, account)])

    @joined
    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Insert a code and its text, under the lock of the account's name.

        The code is recorded at ``at``, or at the last record of the account's codes if that is later.

        :raises Refusal: ``code-taken`` when any account ever held the text (C1), ``code-overlap`` when the account
            holds another code at some moment of its period (C6).
        """
        held = self.work.ask(OF_ACCOUNT, code.account)
        if self.work.ask(BY_TEXT, code.text) is not None:
            raise Refusal(Reason.CODE_TAKEN, message=f"the text {code.text} was issued before", field="code")
        _check_periods(code, held)
        new = StoredCode(code, 1, _learned(at, held))
        self.work.write(_NEW_TEXT, {"text": code.text, "account": code.account})
        self.work.write(_NEW, ROWS.row(code, revision=1, recorded_at=new.recorded_at, place=len(held) + 1))
        self._keep(new, (*held, new))

    @joined
    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Update a code under the lock of its account's name, and move its last state to the history.

        :raises Refusal: ``code-overlap`` as :meth:`add` does, ``code-unknown`` when the account never held it.
        :raises ConcurrentChange: another transaction stored a state since this one read the code.
        """
        found = self.work.known(BY_TEXT, code.text)
        held = self.work.ask(OF_ACCOUNT, code.account)
        last = next((each for each in held if each.code.text == code.text), None)
        if last is None:
            raise Refusal(Reason.CODE_UNKNOWN, message=f"account {code.account} never held {code.text}", field="code")
        # The rules may have judged a state that was read before the account was locked. If another one is stored by
        # now, they have to judge again.
        if found is not None and found.revision != last.revision:
            raise ConcurrentChange(f"The code {code.text} was changed by somebody else at the same time.")
        _check_periods(code, held)
        new = StoredCode(code, last.revision + 1, _learned(at, held))
        row = ROWS.row(code, revision=new.revision, recorded_at=new.recorded_at)
        # The key admits each revision once: of two transactions that replace the same state the second one fails here.
        # The update alone would not fail, since it finds no row with that revision and changes nothing.
        self.work.write(_RECORD, _history_row(last))
        self.work.write(
            _CHANGE, {**without(row, "account"), "of": code.account, "called": code.text, "last": last.revision}
        )
        self._keep(new, tuple([new if each is last else each for each in held]))

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account, in the order of adding, by two statements.

        Past states are rows of the history, and the last one is the row of the code itself.
        """
        before: dict[str, list[Row]] = {}
        for row in self.work.rows(_HISTORY, {"of": account}):
            before.setdefault(row.text, []).append(row)
        return tuple(
            (*(_recorded(row, each.code) for row in before.get(each.code.text, ())), _present(each))
            for each in self.work.ask(OF_ACCOUNT, account)
        )

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Read the next ``limit`` accounts above ``after``, in order of id, and return those without any code.

        A contract is in force on each of the returned accounts: it is open and was activated at or before ``at``. One
        statement finds the bounds of the page along the primary key, another one its contracts. In a transaction those
        are locked ``FOR SHARE``, and a second run waits at the lock ``launch``.
        """
        self.work.lock("launch")
        window = self.work.row(_WINDOW, {"after": after, "most": limit})
        if window is None or window.last is None:
            return CodelessPage((), 0, None)
        looked_at, last = int(window.total), str(window.last)
        given = {"after": after, "last": last, "at": at}
        # Outside a transaction a lock would end with its statement, and a read-only session may take none.
        statement = _CODELESS_LOCKED if self.work.locks and not self.work.is_distributed else _CODELESS
        rows = self.work.rows(statement, given)
        if self.work.locks and self.work.is_distributed:
            # Citus locks no rows across nodes: the accounts are locked by name, and the page is read again under that.
            self.work.lock(*{f"account {row.account}" for row in rows})
            rows = self.work.rows(statement, given)
        by_account = groupby(rows, itemgetter(0))
        found = [_codeless(list(contracts)) for _, contracts in by_account]
        return CodelessPage(
            tuple([each for each in found if each.supplies]), looked_at, last if looked_at == limit else None
        )

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return those of these canonical texts that any account holds or held, by one statement (C1)."""
        return frozenset([row.text for row in _TAKEN.rows(self.work, texts)])

    def ended_by_hand(self, customers: Collection[str]) -> frozenset[str]:
        """Return those of these customers on any of whose accounts staff ended a code, or will (C7)."""
        # In two steps, as a cluster keeps accounts and their customers apart.
        owners = {row.account: row.customer for row in _ACCOUNTS_OF.rows(self.work, customers)}
        return frozenset([owners[row.account] for row in _ENDED_BY_HAND.rows(self.work, owners.keys())])

    @atomic
    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Load the first codes of accounts, their texts and their trace entries in bulk: all of it or nothing.

        :raises ConcurrentChange: a text was taken, or an account got another code; nothing was stored. The caller reads
            :meth:`codeless` again.
        """
        work, heads = self.work, heads_between(self.work, [note.subject for note in notes])
        rows = [ROWS.row(code, revision=1, recorded_at=at) for code in codes]
        try:
            with _NEW_CODES.sending(work, _NEW_CODES.blocks(work, ({**row, "place": 1} for row in rows))):
                # Meanwhile PostgreSQL checks the exclusion constraint of C6, which takes longer than this preparation.
                texts = list(_NEW_TEXTS.blocks(work, rows))
                entries = list(_NEW_ENTRIES.blocks(work, map(ENTRIES.row, _chained(notes, heads))))
            _NEW_TEXTS.send(work, texts)
            _NEW_ENTRIES.send(work, entries)
        except Refusal as quicker:
            raise ConcurrentChange("Somebody else issued a code to one of the accounts at the same time.") from quicker
        # The guards refuse overlapping codes only. An account that got a code for another period is found by counting.
        held = _HOLDERS.rows(self.work, [code.account for code in codes])
        if held and held[0].held != len(codes):
            raise ConcurrentChange("One of the accounts has come to hold a code.")

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Read the code with a canonical text, a customer's standing and two groups.

        On one server that is one statement, on a cluster a few lookups together. Inside a transaction the unit of work
        answers what it knows already.
        """
        referrer_group, referee_group = groups
        if self.work.has_unit:
            # Most of it was read ahead under locks, and the act that follows the check asks for it again.
            return Evidence(
                self.find(code),
                () if customer is None else self.work.ask(OF_CUSTOMER, customer),
                () if customer is None else self.work.ask(LIVE_OF, customer),
                (self._groups.find(referrer_group), self._groups.find(referee_group)),
            )
        if self.work.is_distributed:
            of_customer: list[Known] = [] if customer is None else [(OF_CUSTOMER, customer), (LIVE_OF, customer)]
            held, rows, *standing = self.work.answers((BY_TEXT, code), (ALL_GROUPS, ""), *of_customer)
            own, live = standing or ((), ())
            return Evidence(
                None if held is None else held.code,
                own,
                live,
                (self._groups.among(rows, referrer_group), self._groups.among(rows, referee_group)),
            )
        asked = {
            "code": code, "customer": customer, "referrer_group": referrer_group, "referee_group": referee_group
        }  # fmt: skip
        rows = self.work.rows(GATHERED, asked)
        first = rows[0]
        return Evidence(
            None if first.code_text is None else ROWS.entity(_held_code_row(first[_CODE_COLUMNS])),
            () if first.id is None else tuple(map(CONTRACT_ROWS.entity, {row.id: row for row in rows}.values())),
            tuple(sorted({row.live_contract for row in rows if row.live_contract is not None})),
            (
                self._groups.stamped(referrer_group, first.referrer_stamp),
                self._groups.stamped(referee_group, first.referee_stamp),
            ),
        )

    @joined
    def add_sharing(self, sharing: Sharing) -> None:
        """Insert one sharing under a random id, which cannot collide with a concurrent one."""
        row = {"account": sharing.account, "code": sharing.code, "means": sharing.means, "at": sharing.at}
        self.work.write(_NEW_SHARING, {**row, "id": uuid.uuid4().hex})

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return the number of sharings of this account's codes, at or before ``by`` if it is given, by counting."""
        of = {"of": account}
        row = self.work.row(_SHARED, of) if by is None else self.work.row(_SHARED_BY, {**of, "by": by})
        return 0 if row is None else int(row.total)

    def _keep(self, new: StoredCode, held: tuple[StoredCode, ...]) -> None:
        self.work.keep(BY_TEXT, new.code.text, new)
        self.work.keep(OF_ACCOUNT, new.code.account, held)


def _learned(at: datetime, held: Sequence[StoredCode]) -> datetime:
    """Return the moment of a new record: ``at``, or the last record of the account's codes if that is later."""
    return learned_at(at, max([each.recorded_at for each in held], default=None))


def _check_periods(code: PromoCode, held: Sequence[StoredCode]) -> None:
    """Refuse a code whose period overlaps another code's of the account; a single code never needs the check."""
    others = [each.code for each in held if each.code.text != code.text]
    if not others:
        return
    try:
        codes_over_time([*others, code])
    except Refusal as overlap:
        raise Refusal(
            Reason.CODE_OVERLAP, message=f"account {code.account} holds another code then", field="code"
        ) from overlap


def _history_row(held: StoredCode) -> dict[str, Any]:
    """Return the row of the history that keeps a state of a code and the moment at which it was recorded."""
    code = held.code
    state, personal = code_state(ROWS.row(code))
    place = {"account": code.account, "text": code.text, "revision": held.revision}
    return {**place, "recorded_at": held.recorded_at, "state": state, "personal": personal}


def _present(held: StoredCode) -> Recorded[PromoCode]:
    return Recorded(held.code, held.recorded_at, held.revision)


def _recorded(row: Row, code: PromoCode) -> Recorded[PromoCode]:
    """Return a past state of a code: the columns that change from the history, all others from the present code."""
    present = {name: value for name, value in ROWS.row(code).items() if name in _PRESENT}
    state = ROWS.of_state({**row.state, **(row.personal or {"ending_reason": None})}, **present)
    return Recorded(state, row.recorded_at, row.revision)


def _codeless(contracts: Sequence[Row]) -> CodelessAccount:
    """Return an account of its contracts, ordered by concluding moment: the last first name is the latest one."""
    supplies = tuple([(contract.product, contract.segment) for contract in contracts if contract.in_force])
    names = [contract.first_name for contract in contracts if contract.first_name]
    return CodelessAccount(contracts[0].account, contracts[0].customer, supplies, names[-1] if names else None)


def _chained(notes: Sequence[TraceNote], heads: dict[str, tuple[int, str]]) -> Iterator[TraceEntry]:
    """Yield the entries of notes, each chained to the head of its subject, which moves on to it."""
    for note in notes:
        number, previous = heads.get(note.subject, (0, GENESIS))
        entry = TraceEntry.numbered(note, number + 1, previous, secrets.token_hex(16))
        heads[note.subject] = number + 1, entry.hash
        yield entry
