"""Promo codes in a database."""

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
from referral_core.entities.promo_code import Ending, PromoCode, Sharing, codes_over_time
from referral_core.entities.trace import GENESIS, TraceEntry, TraceNote
from referral_core.ports.codes import CodelessAccount, CodelessPage, Evidence
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import Recorded, learned_at

ROWS: Final = Rows(PromoCode, PROMO_CODES)


@attrs.frozen
class StoredCode:
    """A code as it is stored, how many states it has had, and when this one was recorded."""

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
TO_BE_CHANGED: Final = Lockable(_BY_TEXT, directory=_HOLDER)
BY_TEXT: Final = Lookup(
    Lockable(_BY_TEXT, shared=PROMO_CODES, directory=_HOLDER), lambda rows: _stored(rows[0]) if rows else None
)
"""The code of a text, which many may use at once, and nobody change meanwhile."""
OF_ACCOUNT: Final = Lookup(
    Lockable(
        select(PROMO_CODES).where(PROMO_CODES.c.account == bindparam("of")).order_by(PROMO_CODES.c.place),
        is_locked=False,
    ),
    lambda rows: tuple(map(_stored, rows)),
)
"""The codes that an account holds or held, in the order they were issued."""
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
# Both sides are bound to the page, so that no plan can make the whole table of it.
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
    select(_CODES.account).where(_CODES.ending == Ending.BY_HAND.value).distinct(), _CODES.account
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

It is one statement for one server. A cluster is asked by lookups, since these rows lie in different places.
"""
_CODE_COLUMNS: Final = slice(3, 3 + len(PROMO_CODES.c))
_held_code_row: Final[Callable[[tuple[Any, ...]], Row]] = row_maker(PROMO_CODES.c.keys())
_NEW_SHARING: Final = insert(SHARINGS)
_SHARED: Final = select(func.count().label("total")).select_from(SHARINGS).where(SHARINGS.c.account == bindparam("of"))
_SHARED_BY: Final = _SHARED.where(SHARINGS.c.at <= bindparam("by"))


_PRESENT: Final = ("text", "account", "customer", "issued_at", "issued_by", "issuing")


@attrs.frozen
class SqlCodes:
    """Promo codes in a database, which itself guards C1 by a key and C6 by an exclusion or triggers.

    In a PostgreSQL transaction ``add`` and ``replace`` lock the account, as ``SqlContracts`` does, and ``find`` the
    code: many may look at one at once, and nobody changes it meanwhile. ``codeless`` locks the contracts of its page,
    and lets one run in at a time. Triggers refuse every change of history but the erasing of words (A5).

    Evidence is one statement, whatever is asked (P4). What a group gives is kept from one check to the next, and read
    again when the group's stamp has changed.
    """

    work: Work
    _groups: SqlGroups

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text, whoever holds or held it."""
        held = self.work.ask(BY_TEXT, text)
        return None if held is None else held.code

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes, past ones included, in the order they were issued."""
        return tuple([each.code for each in self.work.ask(OF_ACCOUNT, account)])

    @joined
    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Store a newly issued code, as recorded at ``at``.

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
        """Store the next state of a code that is known by its text, as recorded at ``at``.

        :raises Refusal: ``code-overlap`` as :meth:`add` does, ``code-unknown`` when the account never held it.
        :raises ConcurrentChange: somebody else stored a state since this transaction read the code.
        """
        found = self.work.known(BY_TEXT, code.text)
        held = self.work.ask(OF_ACCOUNT, code.account)
        last = next((each for each in held if each.code.text == code.text), None)
        if last is None:
            raise Refusal(Reason.CODE_UNKNOWN, message=f"account {code.account} never held {code.text}", field="code")
        if found is not None and found.revision != last.revision:  # what was judged, before the account was locked
            raise ConcurrentChange(f"The code {code.text} was changed by somebody else at the same time.")
        _check_periods(code, held)
        new = StoredCode(code, last.revision + 1, _learned(at, held))
        row = ROWS.row(code, revision=new.revision, recorded_at=new.recorded_at)
        # One revision is there once: whoever changes a code that somebody else has changed meanwhile fails here.
        self.work.write(_RECORD, _history_row(last))
        self.work.write(
            _CHANGE, {**without(row, "account"), "of": code.account, "called": code.text, "last": last.revision}
        )
        self._keep(new, tuple([new if each is last else each for each in held]))

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account: codes in the order they were added, states in theirs."""
        before: dict[str, list[Row]] = {}
        for row in self.work.rows(_HISTORY, {"of": account}):
            before.setdefault(row.text, []).append(row)
        return tuple(
            (*(_recorded(row, each.code) for row in before.get(each.code.text, ())), _present(each))
            for each in self.work.ask(OF_ACCOUNT, account)
        )

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
        given = {"after": after, "last": last, "at": at}
        # A lock would end with the statement anyhow, and who may only read may not lock.
        statement = _CODELESS_LOCKED if self.work.locks and not self.work.is_distributed else _CODELESS
        rows = self.work.rows(statement, given)
        if self.work.locks and self.work.is_distributed:  # which locks no rows of many places: by name, and looks again
            self.work.lock(*{f"account {row.account}" for row in rows})
            rows = self.work.rows(statement, given)
        by_account = groupby(rows, itemgetter(0))
        found = [_codeless(list(contracts)) for _, contracts in by_account]
        return CodelessPage(
            tuple([each for each in found if each.supplies]), looked_at, last if looked_at == limit else None
        )

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return which of these canonical texts some account holds or held (C1)."""
        return frozenset([row.text for row in _TAKEN.rows(self.work, texts)])

    def ended_by_hand(self, customers: Collection[str]) -> frozenset[str]:
        """Return those of these customers on any of whose accounts staff ended a code, or will (C7)."""
        # In two steps, as a cluster keeps accounts and their customers apart.
        owners = {row.account: row.customer for row in _ACCOUNTS_OF.rows(self.work, customers)}
        return frozenset([owners[row.account] for row in _ENDED_BY_HAND.rows(self.work, owners.keys())])

    @atomic
    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all of it or nothing.

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored. Ask
            again for what is codeless.
        """
        work, heads = self.work, heads_between(self.work, [note.subject for note in notes])
        rows = [ROWS.row(code, revision=1, recorded_at=at) for code in codes]
        try:
            with _NEW_CODES.sending(work, _NEW_CODES.blocks(work, ({**row, "place": 1} for row in rows))):
                # PostgreSQL is busy with the guard of C6 for longer than all of this takes.
                texts = list(_NEW_TEXTS.blocks(work, rows))
                entries = list(_NEW_ENTRIES.blocks(work, map(ENTRIES.row, _chained(notes, heads))))
            _NEW_TEXTS.send(work, texts)
            _NEW_ENTRIES.send(work, entries)
        except Refusal as quicker:
            raise ConcurrentChange("Somebody else issued a code to one of the accounts at the same time.") from quicker
        held = _HOLDERS.rows(self.work, [code.account for code in codes])
        if held and held[0].held != len(codes):
            raise ConcurrentChange("One of the accounts has come to hold a code.")

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Look up the code with a canonical text, a customer's standing, and two groups."""
        referrer_group, referee_group = groups
        if self.work.has_unit:  # where most of it was read ahead, and will be asked for again
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
        """Store one sharing."""
        row = {"account": sharing.account, "code": sharing.code, "means": sharing.means, "at": sharing.at}
        self.work.write(_NEW_SHARING, {**row, "id": uuid.uuid4().hex})

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were shared, at or before ``by`` where that is given."""
        of = {"of": account}
        row = self.work.row(_SHARED, of) if by is None else self.work.row(_SHARED_BY, {**of, "by": by})
        return 0 if row is None else int(row.total)

    def _keep(self, new: StoredCode, held: tuple[StoredCode, ...]) -> None:
        self.work.keep(BY_TEXT, new.code.text, new)
        self.work.keep(OF_ACCOUNT, new.code.account, held)


def _learned(at: datetime, held: Sequence[StoredCode]) -> datetime:
    """Return when a state is recorded: never before those of the account's other codes."""
    return learned_at(at, max([each.recorded_at for each in held], default=None))


def _check_periods(code: PromoCode, held: Sequence[StoredCode]) -> None:
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
    """Return the row that keeps for ever what a code was, and when that was recorded."""
    code = held.code
    state, personal = code_state(ROWS.row(code))
    place = {"account": code.account, "text": code.text, "revision": held.revision}
    return {**place, "recorded_at": held.recorded_at, "state": state, "personal": personal}


def _present(held: StoredCode) -> Recorded[PromoCode]:
    return Recorded(held.code, held.recorded_at, held.revision)


def _recorded(row: Row, code: PromoCode) -> Recorded[PromoCode]:
    """Return a state that a code was in: what changed is kept of it, and all else is as it is today."""
    present = {name: value for name, value in ROWS.row(code).items() if name in _PRESENT}
    state = ROWS.of_state({**row.state, **(row.personal or {"ending_reason": None})}, **present)
    return Recorded(state, row.recorded_at, row.revision)


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
