"""``referral erase``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from referral_adapters.cli.arguments import parse_actor, parse_id
from referral_adapters.cli.exit_status import WRONG, CommandFailed
from referral_adapters.cli.files import open_programme
from referral_adapters.cli.output import Screen, wants_json, write_json
from referral_adapters.cli.store import Use, existing_database
from referral_adapters.cli.text import quantity
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Role
from referral_core.entities.personal_data import PersonalData

_KINDS = ("contracts", "codes", "referrals", "cases")


def erase(customer: str, *, db: str, programme: Path | None, by: str, reason: str, dry_run: bool, as_json: bool) -> int:
    """Erase a customer, or say what that would take, and return the exit status.

    :raises CommandFailed: the database cannot be opened, or a rule says no.
    """
    customer, pseudonym = parse_id(customer, "CUSTOMER"), None
    administrator = parse_actor(Role.ADMINISTRATOR, by)
    chosen = open_programme(programme)
    with existing_database(db, Use.READ if dry_run else Use.WRITE, chosen) as store:
        session = ReferralDesk(chosen, store).session(actor=administrator, now=datetime.now(UTC))
        if dry_run:
            data = session.customers.erasable(customer)
        else:
            done = session.customers.erase(customer, reason=reason)
            data, pseudonym = done.data, done.pseudonym
            # Another writer may have stored the customer again between the look and the erasure.
            if store.personal_data(customer).is_of_somebody:
                raise CommandFailed("Something was stored about the customer at the same moment: erase again.", WRONG)
    _print(data, pseudonym, as_json=as_json)
    return 0


def _print(data: PersonalData, pseudonym: str | None, *, as_json: bool) -> None:
    """Print what was, or would be, erased; never who."""
    counts = {"accounts": len(data.accounts), **{kind: getattr(data, kind) for kind in _KINDS}, "traced": data.traced}
    if wants_json(as_json):
        write_json([{"erased": pseudonym is not None, "pseudonym": pseudonym, **counts}])
        return
    screen = Screen.output()
    nouns = {"accounts": "account", **{kind: kind.removesuffix("s") for kind in _KINDS}}
    where = ", ".join(quantity(counts[kind], noun) for kind, noun in nouns.items())
    rows = quantity(data.traced, "row")
    if pseudonym is None:
        screen.print(f"Would be erased: the customer on {where}; persons in {rows} of the trace.")
    else:
        screen.print(f"Erased: {pseudonym} is the customer on {where}.")
        screen.print(f"Persons are gone from {rows} of the trace.")
