"""The storage of each type of entity, and its record in the trace (A2).

:data:`STORES` holds how an entity is stored and :data:`RECORDS` what the trace keeps of it, each by the entity's type:
a state in words for people, and all fields as they are stored. Neither names an actor or a customer, because hashed
content cannot be erased (A5).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.entities.trace import (
    PROGRAMME_SUBJECT,
    State,
    Stored,
    account_subject,
    group_subject,
    referral_subject,
)
from referral_core.values.errors import ConcurrentChange, Reason
from referral_core.values.moment import written
from referral_core.values.money import Money

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories

E = TypeVar("E")


@attrs.frozen(kw_only=True)
class Record(Generic[E]):
    """The content of the trace's rows about entities of one type, and the subject of their chain.

    ``kind`` and ``id`` make the name under which a row keeps the stored fields of an entity. Those are ``kept``, or all
    fields except the personal ones.

    ``state`` returns the content of a row about an entity at a moment, ``former`` that about the state before.
    ``facts`` are the acts whose rows contain one fact in place of the whole state, and nothing of the state before.
    """

    kind: str
    id: Callable[[E], str]
    subject: Callable[[E], str]
    state: Callable[[E, datetime], State]
    former: Callable[[E, datetime], State] | None = None
    facts: Mapping[str, Callable[[E], State]] = attrs.field(factory=dict)
    kept: tuple[str, ...] = ()

    def name(self, entity: E) -> str:
        """Return the name of an entity in the rows that keep it."""
        return stored_name(self.kind, self.id(entity))

    def fields(self, entity: E) -> dict[str, str]:
        """Return the stored fields of an entity as text, without those that have their default (A2, A5)."""
        into: dict[str, str] = {}
        _put(into, "", entity, self.kept)
        return into

    def states(self, act: str, before: E | None, after: E, at: datetime) -> tuple[State | None, State]:
        """Return the states before and after in the row of an act."""
        if act in self.facts:
            return None, self.facts[act](after)
        return None if before is None else (self.former or self.state)(before, at), self.state(after, at)


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────────────


def contract_state(contract: Contract) -> State:
    """Return the state of a concluded contract in the trace."""
    # A text that is no account's code may be a name: it stays with the contract alone, where it can be erased (A5).
    is_code = Reason.CODE_UNKNOWN not in contract.warnings
    return {
        "contract": contract.id,
        "channel": contract.channel,
        "code": contract.warned_code if is_code else None,
        "warnings": " ".join(contract.warnings) or None,
    }


def code_state(code: PromoCode) -> State:
    """Return the state of a code in the trace."""
    return {
        "code": code.text,
        "starts_at": _when(code.starts_at),
        "ends_at": _when(code.ends_at),
        "ending": code.ending,
    }


def referral_state(referral: Referral) -> State:
    """Return the state of a referral in the trace, without persons."""
    return {
        "contract": referral.contract,
        "code": referral.code,
        "status": referral.status,
        "judged_at": written(referral.judged_at),
        "referrer_group": referral.referrer_offer.group,
        "referrer_amount": str(referral.referrer_offer.amount),
        "referee_group": referral.referee_offer.group,
        "referee_amount": str(referral.referee_offer.amount),
        # Only where one side alone is void: a status says the rest.
        **({"void_side": referral.void_sides[0]} if len(referral.void_sides) == 1 else {}),
    }


def group_state(group: DiscountGroup, at: datetime) -> State:
    """Return the state of a group at a moment in the trace."""
    amounts = {str(span.period): str(span.value) for span in group.amounts}
    return {"name": group.name, "side": group.side, "status": group.status_at(at), **amounts}


def stored_name(kind: str, id: str) -> str:  # noqa: A002 - the entity's own word
    """Return the name under which a row of the trace keeps an entity."""
    return f"{kind}:{id}"


def stored_in(*entities: object) -> Stored:
    """Return entities as a row of the trace keeps them."""
    records = [(RECORDS[type(each)], each) for each in entities]
    return {record.name(each): record.fields(each) for record, each in records}


def digested(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of an entity as one digest: for rows that keep thousands of entities."""
    return {DIGEST: sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()}


DIGEST: Final = "digest"
"""The field that stands for all fields of an entity."""

_PERSONAL: Final = frozenset(
    {"customer", "referrer_customer", "referee_customer", "first_name", "warned_code"}
    | {"issued_by", "ending_reason", "reason", "noted_by"}
)
"""The fields that name persons or hold free words, on any entity: they can be erased, and hashed content cannot."""


def _put(into: dict[str, str], name: str, value: object, kept: tuple[str, ...] = ()) -> None:
    """Put the parts of a value as text, each under its name: fields by their names, items by their places."""
    # The exact classes first: most values are text, and every act writes dozens of them.
    kind = type(value)
    if kind is str or kind is Money:
        into[name] = str(value)
    elif isinstance(value, datetime):
        into[name] = written(value)
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            _put(into, f"{name}.{place}", item)
    elif attrs.has(kind):
        fields, values = _fields_of(kind)
        start = f"{name}." if name else ""
        # Without the defaults, an optional field of a later version changes nothing in what is kept already.
        for (field, default), part in zip(fields, values(value), strict=True):
            if part is not None and part != default and (not kept or field in kept):
                _put(into, start + field, part)
    else:
        into[name] = str(value)


Values = Callable[[object], tuple[object, ...]]
"""The values of all stored fields of an entity at once."""


def _fields_of(kind: type[Any]) -> tuple[tuple[tuple[str, object], ...], Values]:
    """Return the stored fields of a class with their defaults, and the function that reads them."""
    found = _FIELDS.get(kind)
    if found is None:
        fields = tuple(
            [(each.name, each.default) for each in attrs.fields(kind) if each.init and each.name not in _PERSONAL]
        )
        # One call for all of them takes a third of the time that a call for each does, and every act pays it.
        read = attrgetter(*[name for name, _ in fields])
        found = fields, read if len(fields) > 1 else lambda value: (read(value),)
        _FIELDS[kind] = found
    return found


_FIELDS: Final[dict[type, tuple[tuple[tuple[str, object], ...], Values]]] = {}


def imported_state(contracts: Sequence[Contract]) -> State:
    """Return the state of a page of imported contracts in the trace."""
    return {"contracts": str(len(contracts)), "first": contracts[0].id, "last": contracts[-1].id}


def _contract_fact(contract: Contract) -> State:
    return {"contract": contract.id, "status": contract.status}


def _fee_fact(referral: Referral) -> State:
    return {"contract": referral.contract, "amount": str(referral.fee_notes[-1].amount)}


def _grant_state(grant: Grant) -> State:
    return {"grant": grant.key, "status": grant.status, "attempts": str(grant.attempts), "problem": grant.problem}


def _grant_fact(grant: Grant) -> State:
    return {"grant": grant.key, "amount": str(grant.amount)}


def _reversal_state(reversal: Reversal) -> State:
    return {
        "grant": reversal.grant,
        "account": reversal.account,
        "status": reversal.status,
        "attempts": str(reversal.attempts),
        "problem": reversal.problem,
    }


def _reversal_fact(reversal: Reversal) -> State:
    amount = {} if reversal.amount is None else {"amount": str(reversal.amount)}
    return {"grant": reversal.grant, "account": reversal.account, **amount}


def _open_case_state(case: Case) -> State:
    return {"case": case.id, "status": case.status}


def _case_state(case: Case) -> State:
    return {**_open_case_state(case), "contract": case.contract, **case.characteristics}


def _when(at: datetime | None) -> str | None:
    return None if at is None else written(at)


RECORDS: Final[Mapping[type, Record[Any]]] = {
    Contract: Record[Contract](
        kind="contract",
        id=lambda contract: contract.id,
        subject=lambda contract: account_subject(contract.account),
        state=lambda contract, _: contract_state(contract),
        facts=dict.fromkeys(
            ("contract.activated", "contract.withdrawn", "contract.terminated", "contract.annulled"), _contract_fact
        ),
    ),
    PromoCode: Record[PromoCode](
        kind="code",
        id=lambda code: code.text,
        subject=lambda code: account_subject(code.account),
        state=lambda code, _: code_state(code),
    ),
    DiscountGroup: Record[DiscountGroup](
        kind="group",
        id=lambda group: group.id,
        subject=lambda group: group_subject(group.id),
        state=group_state,
    ),
    Referral: Record[Referral](
        kind="referral",
        id=lambda referral: referral.contract,
        subject=lambda referral: referral_subject(referral.contract),
        state=lambda referral, _: referral_state(referral),
        facts={"termination-fee.note": _fee_fact},
    ),
    Grant: Record[Grant](
        kind="grant",
        id=lambda grant: grant.key,
        # Payers change the others without a row; which of their states may be is told by the rows of the referral.
        kept=("referral", "side", "account", "amount", "effective_from"),
        subject=lambda grant: referral_subject(grant.referral),
        state=lambda grant, _: _grant_state(grant),
        facts={"grant.due": _grant_fact, "grant.posted": _grant_fact},
    ),
    Reversal: Record[Reversal](
        kind="reversal",
        id=lambda reversal: reversal.key,
        # Payers change the others, as they do those of a grant.
        kept=("referral", "side", "account"),
        subject=lambda reversal: referral_subject(reversal.referral),
        state=lambda reversal, _: _reversal_state(reversal),
        facts={"reversal.due": _reversal_fact, "reversal.posted": _reversal_fact},
    ),
    Case: Record[Case](
        kind="case",
        id=lambda case: case.id,
        subject=lambda _: PROGRAMME_SUBJECT,
        state=lambda case, _: _case_state(case),
        former=lambda case, _: _open_case_state(case),
    ),
}
"""The records in the trace, by the type of the entity."""


# ── how it is stored ──────────────────────────────────────────────────────────────────────────────────────────────────


def _store_code(ports: Repositories, after: PromoCode, before: PromoCode | None, at: datetime) -> None:
    if before is None:
        ports.promo_codes.add(after, at=at)
    else:
        ports.promo_codes.replace(after, at=at)


def _store_referral(ports: Repositories, after: Referral, before: Referral | None, at: datetime) -> None:
    if before is None:
        ports.referrals.add(after, at=at)
    else:
        ports.referrals.replace(after, at=at)


def _store_grant(ports: Repositories, after: Grant, before: Grant | None, _: datetime) -> None:
    if before is None:
        ports.grants.add(after)
    # A payer may take the grant between reading and storing; the act is then repeated on its new state.
    elif not ports.grants.change([(before, after)]):
        raise ConcurrentChange(f"somebody else is at the grant {after.key} at this moment")


def _store_reversal(ports: Repositories, after: Reversal, before: Reversal | None, _: datetime) -> None:
    if before is None:
        ports.reversals.add(after)
    elif not ports.reversals.change([(before, after)]):
        raise ConcurrentChange(f"somebody else is at the reversal {after.key} at this moment")


def _store_case(ports: Repositories, after: Case, before: Case | None, _: datetime) -> None:
    if before is None:
        ports.cases.open(after)
    else:
        ports.cases.close(after)


STORES: Final[Mapping[type, Callable[[Repositories, Any, Any, datetime], None]]] = {
    Contract: lambda ports, after, _, __: ports.contracts.put(after),
    PromoCode: _store_code,
    DiscountGroup: lambda ports, after, _, at: ports.groups.put(after, at=at),
    Referral: _store_referral,
    Grant: _store_grant,
    Reversal: _store_reversal,
    Case: _store_case,
    Sharing: lambda ports, after, _, __: ports.promo_codes.add_sharing(after),
}
"""The storage of entities, by type: functions of the repositories, the next state, the state before it (``None`` for a
new entity) and the moment of recording."""
