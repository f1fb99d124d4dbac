"""pinax-referrals, by its own methods.

A check reads the code and asks whether it has expired. Recording is what a visit by a code does, without the page: the
code is read, and a response of a user who is signed in is added. The second step is ``record_response``, as its
documentation has it for whatever else a referred user does: it looks the user's last response up and adds another.

What it leaves out, and ours does: effective periods for each group, amounts that are locked when the contract is
concluded, whether the customer is new, whose code it is, a trace, exactly-once, and a code for the newcomer. It knows
no amounts, so its second step rewards nobody: what a host would have to add costs nothing here. Neither do sessions,
nor reading the user.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from peers.client import Contender, Population, main, text_of
from peers.django_setup import execute, load_people, make_tables, set_up, tidy

APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sites",
    "pinax.referrals",
)


class Pinax:
    """Referrals of pinax on a database."""

    def __init__(self, population: Population) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415 - not before Django is set up
        from pinax.referrals.models import Referral  # noqa: PLC0415 - likewise

        self._user, self._referral = User, Referral
        self._first = population.codes + 1

    def check(self, code: int) -> None:
        """Read a code and ask whether it has expired."""
        assert self._referral.objects.get(code=text_of(code)).is_active()

    def record(self, code: int, newcomer: int) -> None:
        """Add a response to a code that is not expired."""
        referral = self._referral.objects.get(code=text_of(code))
        assert referral.is_active()
        referral.respond(self._request(newcomer), "SIGNED_UP")

    def activate(self, newcomer: int) -> None:
        """Add another response to the code that the user came with."""
        assert self._referral.record_response(self._request(newcomer), "ACTIVATED") is not None

    def _request(self, newcomer: int) -> Any:  # noqa: ANN401 - as much of a request as is looked at
        return SimpleNamespace(
            user=self._user(pk=self._first + newcomer),
            session=SimpleNamespace(session_key=f"session-{newcomer}"),
            META={"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        )


def _prepare(url: str, population: Population) -> None:
    set_up(url, INSTALLED_APPS=APPS)
    make_tables()
    load_people(population)
    from pinax.referrals.models import Referral  # noqa: PLC0415 - not before Django is set up

    execute(
        f"INSERT INTO {Referral._meta.db_table} (user_id, label, code, redirect_to, created_at)"
        " SELECT n + 1, '', 'C' || lpad(n::text, 7, '0'), '/', now() FROM generate_series(0, %s - 1) n",
        population.codes,
    )
    tidy()


def _opened(url: str, population: Population) -> Contender:
    set_up(url, INSTALLED_APPS=APPS)
    return Pinax(population)


if __name__ == "__main__":
    main(_prepare, _opened)
