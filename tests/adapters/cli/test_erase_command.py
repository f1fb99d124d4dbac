"""``referral erase``: a customer is erased, and never named."""

from __future__ import annotations

from typing import Final

import pytest

from referral_adapters.cli import erase_command
from referral_adapters.cli.exit_status import CommandFailed
from referral_adapters.conformance.samples import day
from referral_adapters.sql import SqlStore
from tests.adapters.cli.command_line import only_printed, run, said
from tests.adapters.cli.terminal import at_terminal

WHY: Final = ("--by", "anu", "--reason", "request 2021-44")


@pytest.mark.rule("A5")
class TestErase:
    @pytest.fixture
    def gone(self, db: str) -> str:
        """Return a customer all of whose contracts have ended."""
        with SqlStore(db) as store:
            open_ = {
                c.customer for a, _ in store.contracts.accounts() for c in store.contracts.of_account(a) if c.is_open
            }
            waiting = {case.customer for case in store.cases.all() if case.status == "open"}
            return next(customer for _, customer in store.contracts.accounts() if customer not in open_ | waiting)

    def test_a_dry_run_changes_nothing(self, db: str, gone: str) -> None:
        (told,) = only_printed(run("erase", gone, "--db", db, *WHY, "--dry-run"))
        assert (told["erased"], told["pseudonym"]) == (False, None)
        assert told["accounts"] >= 1
        with SqlStore(db) as store:
            assert store.personal_data(gone).is_of_somebody

    def test_a_customer_is_erased_and_never_named(self, db: str, gone: str) -> None:
        (before,) = only_printed(run("erase", gone, "--db", db, *WHY, "--dry-run"))
        result = run("erase", gone, "--db", db, *WHY)
        (told,) = only_printed(result)
        assert result.exit_code == 0
        assert {**told, "erased": False, "pseudonym": None} == before
        assert told["pseudonym"].startswith("erased-")
        assert run("trace", "verify", "--db", db).exit_code == 0
        (row,) = only_printed(run("trace", "show", "programme", "--db", db, "--act", "customer.erase"))
        assert (row["actor"], row["role"], row["reason"]) == ("anu", "administrator", "request 2021-44")
        assert row["after"]["customer"] == told["pseudonym"]

    def test_erasing_again_says_so(self, db: str, gone: str) -> None:
        run("erase", gone, "--db", db, *WHY)
        sentence = said(run("erase", gone, "--db", db, *WHY), 1)
        assert sentence.startswith("account-unknown: ")
        assert sentence.endswith("or it was erased.")
        assert gone not in sentence

    def test_who_has_a_contract_stays(self, db: str) -> None:
        with SqlStore(db) as store:
            active = next(
                c.customer for a, _ in store.contracts.accounts() for c in store.contracts.of_account(a)
                if c.is_active_at(day(9999))
            )  # fmt: skip
        assert "contract-active" in said(run("erase", active, "--db", db, *WHY), 1)

    def test_a_person_is_told_in_words(self, db: str, gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = at_terminal(monkeypatch)
        for dry_run in (True, False):
            erase_command.erase(
                gone, db=db, programme=None, by="anu", reason="as asked", dry_run=dry_run, as_json=False
            )
        told = terminal.getvalue().replace("\n", " ")
        assert "Would be erased: the customer on 1 account, " in told
        assert "Erased: erased-" in told
        assert "Persons are gone from " in told

    def test_what_was_stored_at_the_same_moment_is_told(
        self, db: str, gone: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As if somebody had put the customer back between the erasing and the look afterwards."""
        with SqlStore(db) as store:
            held = store.personal_data(gone)
        monkeypatch.setattr("referral_adapters.sql.personal_data.SqlPersonalData.find", lambda *_: held)
        with pytest.raises(CommandFailed, match="erase again"):
            erase_command.erase(gone, db=db, programme=None, by="anu", reason="as asked", dry_run=False, as_json=True)

    @pytest.mark.parametrize("missing", ["--by", "--reason", "--db"])
    def test_nobody_is_erased_without_saying_who_and_why(self, missing: str) -> None:
        given = {"--by": "anu", "--reason": "x", "--db": "sqlite:///x.db"}
        options = [word for name, value in given.items() if name != missing for word in (name, value)]
        result = run("erase", "C-1", *options)
        assert result.exit_code == 2
        assert missing in result.stderr
