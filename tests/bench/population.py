"""Many accounts at once, each with a customer, an active contract and a code, made by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from databases import engine_of
from referral_adapters.sql import SqlStore
from referral_core import Actor, Money, Programme, ReferralDesk

SINCE: Final = datetime(2024, 1, 1, tzinfo=UTC)
_MOMENT: Final = {"sqlite": int(SINCE.timestamp()) * 10**6, "postgresql": f"'{SINCE.isoformat()}'"}
_NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end})",
    "postgresql": "WITH numbers(n) AS (SELECT generate_series({first}, {end} - 1))",
}
_TEXT: Final = {"sqlite": "printf('C%07d', n)", "postgresql": "'C' || lpad(n::text, 7, '0')"}
_ROWS: Final = {
    "accounts (account, customer)": "'account-' || n, 'customer-' || n",
    "customer_accounts (customer, account)": "'customer-' || n, 'account-' || n",
    "contract_accounts (contract, account)": "'contract-' || n, 'account-' || n",
    "contracts (id, account, customer, product, segment, channel, concluded_at, warnings, status, activated_at)": (
        "'contract-' || n, 'account-' || n, 'customer-' || n, 'electricity', 'household', 'distributor', {moment},"
        " '[]', 'active', {moment}"
    ),
    "live_referrals (customer, contract)": "'referred-' || n, 'contract-' || n",
    "code_texts (text, account)": "{text}, 'account-' || n",
    "promo_codes (account, text, place, customer, issued_at, issued_by, issuing, starts_at, revision, recorded_at)": (
        "'account-' || n, {text}, 1, 'customer-' || n, {moment}, 'launch', 'launch', {moment}, 1, {moment}"
    ),
}


def populate(url: URL, count: int, *, first: int = 0) -> list[str]:
    """Make accounts ``first`` up to ``count``, and amounts for both sides if there are none; return all codes."""
    programme = Programme.default()
    with SqlStore(url, programme) as store:
        if first == 0:
            desk, system = ReferralDesk(programme, store), Actor.system("bench")
            for group in store.groups.all():
                desk.session(actor=system, now=SINCE).groups.set_amount(group.id, amount=Money("7"))
    engine = engine_of(url)
    with engine.begin() as connection:
        _fill(connection, first, count)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What is empty is left as in a new database: looked at now, PostgreSQL would take it for small ever after.
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"VACUUM ANALYZE {', '.join(_ROWS)}")
        else:
            connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    return [f"C{number:07d}" for number in range(count)]


def _fill(connection: Connection, first: int, end: int) -> None:
    engine = connection.dialect.name
    numbers = _NUMBERS[engine].format(first=first, end=end)
    with _without_exclusion(connection) if engine == "postgresql" else nullcontext():
        for table, columns in _ROWS.items():
            chosen = columns.format(moment=_MOMENT[engine], text=_TEXT[engine])
            connection.exec_driver_sql(f"INSERT INTO {table} {numbers} SELECT {chosen} FROM numbers")


@contextmanager
def _without_exclusion(connection: Connection) -> Iterator[None]:
    """Take away what keeps an account's codes from overlapping, and put it back: building it takes half the time."""
    kept = connection.exec_driver_sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'promo_codes'::regclass AND contype = 'x'"
    ).all()
    for name, _ in kept:
        connection.exec_driver_sql(f"ALTER TABLE promo_codes DROP CONSTRAINT {name}")
    yield
    for name, definition in kept:
        connection.exec_driver_sql(f"ALTER TABLE promo_codes ADD CONSTRAINT {name} {definition}")
