"""What a limited actor sees of an answer, or of a row of the trace: nothing that belongs to others (A6).

An act is admitted when everything that it is asked about lies within the actor's limits (see
:mod:`referral_core.services.permissions`). Its answer may still name what lies outside: the other side of a referral,
or the reason why a customer with accounts elsewhere cannot use a code. That is left out here, for every act alike.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import attrs

from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.entities.referral import Referral
from referral_core.entities.trace import PROGRAMME_SUBJECT, TraceEntry
from referral_core.rules.decision import Decision
from referral_core.services.permissions import Permissions
from referral_core.values.errors import REASON_ORDER, Reason

ABOUT_CUSTOMERS: Final = frozenset(
    {Reason.EXISTING_CUSTOMER, Reason.FORMER_CUSTOMER, Reason.SELF_REFERRAL, Reason.ALREADY_REFERRED}
)
"""The reasons that tell something about a customer's other accounts; ``not-eligible`` takes their place."""
_ABOUT_CODES: Final = frozenset({Reason.CODE_PENDING, Reason.CODE_ENDED})
_OF_NO_SEGMENT: Final = frozenset({"programme.apply"})
"""The acts whose rows on the programme's chain are about no account."""


@attrs.frozen
class Visibility:
    """The parts of answers that an actor may see; for an actor without limits everything, without a look."""

    permissions: Permissions

    def of(self, answer: Any) -> Any:  # noqa: ANN401 - any answer of an act
        """Return an answer without what lies outside the actor's limits."""
        return answer if self.permissions.sees_all else self._of(answer)

    def of_decision(self, decision: Decision, customer: str | None) -> Decision:
        """Return a decision about a customer, who may be none, with the reasons that the actor may see."""
        if customer is None:
            return decision
        reasons = self._reasons(decision.reasons, customer)
        return decision if reasons == decision.reasons else attrs.evolve(decision, reasons=reasons)

    def has(self, row: TraceEntry) -> bool:
        """Tell whether a row of the trace names nothing outside the actor's segments."""
        permissions = self.permissions
        if permissions.sees_all:
            return True
        named = {name: value for state in (row.before, row.after) for name, value in (state or {}).items() if value}
        if row.subject == PROGRAMME_SUBJECT:
            case = permissions.ports.cases.find(named["case"]) if "case" in named else None
            return row.act in _OF_NO_SEGMENT or permissions.sees_case(case)
        accounts = [named[name] for name in ("from", "to") if name in named]
        contracts = [named[name].rpartition("/")[2] for name in ("contract", "grant") if name in named]
        return (
            permissions.sees(accounts=accounts, code=named.get("code"))
            and all(permissions.sees_contract(contract) for contract in contracts)
            and not (named.get("warnings") and any(self._hides_warnings(named["warnings"], each) for each in contracts))
        )

    def _of(self, value: Any) -> Any:  # noqa: ANN401 - any answer of an act
        if type(value) is tuple:
            return tuple([self._of(each) for each in value if not isinstance(each, Grant) or self._sees_grant(each)])
        if not attrs.has(type(value)):
            return value
        changed = self._own_changes(value)
        for field in attrs.fields(type(value)):
            if field.init and field.name not in changed:
                was = getattr(value, field.name)
                if (now := self._of(was)) is not was:
                    changed[field.alias] = now
        return attrs.evolve(value, **changed) if changed else value

    def _own_changes(self, value: object) -> dict[str, Any]:
        if isinstance(value, Contract):
            return {"warnings": self._reasons(value.warnings, value.customer, value.warned_code)}
        if isinstance(value, Case):
            return {"warnings": self._reasons(value.warnings, value.customer)}
        if isinstance(value, Referral):
            return self._hidden_of(value)
        return {}

    def _hidden_of(self, referral: Referral) -> dict[str, Any]:
        """Return the fields of a referral that stand for the referrer, and for a distributor what staff wrote."""
        is_distributor = self.permissions.actor.channels is not None
        hidden: dict[str, Any] = {"fee_notes": ()} if is_distributor else {}
        if is_distributor or not self.permissions.sees(accounts=(referral.referrer,)):
            hidden |= {"referrer": "", "referrer_customer": ""}
        return hidden

    def _sees_grant(self, grant: Grant) -> bool:
        if self.permissions.actor.channels is not None and grant.side is Side.REFERRER:
            return False
        return self.permissions.sees(accounts=(grant.account,))

    def _reasons(self, reasons: tuple[Reason, ...], customer: str, code: str | None = None) -> tuple[Reason, ...]:
        """Return reasons with one in the place of those about a customer or a code that the actor does not see."""
        if not reasons or self.permissions.sees_all:
            return reasons
        seen = set(reasons)
        if self._hides(reasons, customer):
            seen = (seen - ABOUT_CUSTOMERS) | {Reason.NOT_ELIGIBLE}
        if code is not None and not self.permissions.sees(code=code):
            seen = (seen - _ABOUT_CODES) | {Reason.CODE_UNKNOWN}
        return tuple(sorted(seen, key=REASON_ORDER.__getitem__))

    def _hides_warnings(self, warnings: str, contract: str) -> bool:
        found = self.permissions.ports.contracts.find(contract)
        return found is not None and self._hides(warnings.split(), found.customer)

    def _hides(self, reasons: Collection[str], customer: str) -> bool:
        return any(reason in reasons for reason in ABOUT_CUSTOMERS) and not self.permissions.sees_customer(customer)
