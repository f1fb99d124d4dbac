"""What a database holds about persons."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from sqlalchemy import delete, insert, text

from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.contract_tables import CUSTOMER_ACCOUNTS
from referral_adapters.sql.person_statements import (
    ACCOUNTS_OF,
    ACTED_ELSEWHERE,
    ANSWERED,
    CASES_OF,
    CODES_HELD,
    COUNTS,
    ERASING,
    FIRST_NAMES,
    FREE_WORDS,
    LIVE_OF,
    TRACED,
    FreeWords,
)
from referral_adapters.sql.referral_tables import LIVE_REFERRALS
from referral_adapters.sql.work import Work
from referral_core.entities.case import CaseStatus
from referral_core.entities.personal_data import PSEUDONYM, PersonalData, mentions
from referral_core.ports.requests import quoted


@attrs.frozen
class SqlPersonalData:
    """What a database holds about persons, found and erased (A5).

    Erasing is a handful of statements, each over a whole table: it takes as long as reading the trace once. On
    PostgreSQL it waits for those who conclude contracts or open cases for the customer, or use a code of theirs, and
    they for it. SQLite is told to overwrite what it deletes; what it has deleted before is gone after ``VACUUM``.
    """

    work: Work

    def find(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer; empty and zero throughout where it is nothing."""
        given = {"of": customer}
        self.work.lock(f"customer {customer}")  # what an act finds of a customer stays so until it ends
        accounts = tuple(row.account for row in self.work.rows(ACCOUNTS_OF, given))
        cases = self.work.rows(CASES_OF, given)
        found = {kind: self._count(kind, customer) for kind in COUNTS}
        return PersonalData(
            accounts=accounts,
            first_names=tuple(row.first_name for row in self.work.rows(FIRST_NAMES, given)),
            open_cases=tuple(row.id for row in cases if row.status == CaseStatus.OPEN),
            cases=len(cases),
            traced=len(self._traced(customer)),
            **found,
        )

    @atomic
    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it.

        :raises ConcurrentChange: somebody else was at the same rows.
        """
        self.work.lock(f"customer {customer}")
        pseudonym = f"{PSEUDONYM}{secrets.token_hex(16)}"
        if self.work.dialect == "sqlite":
            self.work.rows(text("PRAGMA secure_delete = ON"))
        accounts = [row.account for row in self.work.rows(ACCOUNTS_OF, {"of": customer})]
        self.work.lock(*[f"account {account}" for account in accounts])
        if self.work.locks:
            self.work.rows(CODES_HELD, {"of": customer})
        for statement in ERASING:
            self.work.change(statement, {"of": customer, "pseudonym": pseudonym})
        self._move_accounts(customer, pseudonym, accounts)
        self._move_live_referral(customer, pseudonym)
        self.work.change(ACTED_ELSEWHERE, {"of": customer})
        for words in FREE_WORDS:
            keys = list(self._naming(words, customer))
            if keys:
                self.work.change(words.taking, keys)
        as_it_is, in_ascii = quoted(customer)
        self.work.change(ANSWERED, {"of": customer, "quoted": as_it_is, "quoted_in_ascii": in_ascii})
        return pseudonym

    def _move_accounts(self, customer: str, pseudonym: str, accounts: Sequence[str]) -> None:
        """List a customer's accounts under another key, which is one by which a cluster distributes rows."""
        self.work.change(delete(CUSTOMER_ACCOUNTS).where(CUSTOMER_ACCOUNTS.c.customer == customer))
        if accounts:
            self.work.change(
                insert(CUSTOMER_ACCOUNTS), [{"customer": pseudonym, "account": account} for account in accounts]
            )

    def _move_live_referral(self, customer: str, pseudonym: str) -> None:
        """Move a live referral to another key, which is one by which a cluster distributes rows."""
        live = self.work.row(LIVE_OF, {"of": customer})
        if live is not None:
            self.work.change(delete(LIVE_REFERRALS).where(LIVE_REFERRALS.c.customer == customer))
            self.work.change(insert(LIVE_REFERRALS), {"customer": pseudonym, "contract": live.contract})

    def _naming(self, words: FreeWords, customer: str) -> Iterator[dict[str, Any]]:
        """Yield the keys of rows whose words have the customer's id in them."""
        for row in self.work.rows(words.having(customer)):
            if mentions(words.read(row), customer):
                yield {f"of_{column.key}": getattr(row, column.key) for column in words.key}

    def _traced(self, customer: str) -> set[tuple[str, int]]:
        """Return the places of the rows whose actor and reason would go."""
        found = {(row.subject, row.number) for row in self.work.rows(TRACED, {"of": customer})}
        return found | {(key["of_subject"], key["of_number"]) for key in self._naming(FREE_WORDS[0], customer)}

    def _count(self, kind: str, customer: str) -> int:
        row = self.work.row(COUNTS[kind], {"of": customer})
        return 0 if row is None else row.found
