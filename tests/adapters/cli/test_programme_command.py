"""``referral programme``: faults by name, and settings in effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from referral_adapters.cli import check_command
from referral_adapters.sql import SqlStore
from referral_core import DiscountGroup, Programme
from tests.adapters.cli.command_line import FEED, printed, run
from tests.adapters.cli.terminal import at_terminal


class TestProgramme:
    def written(self, tmp_path: Path, text: str) -> Path:
        path = tmp_path / "programme.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_fine_one(self, tmp_path: Path) -> None:
        result = run("programme", "check", self.written(tmp_path, 'name = "Solar"\nlanguages = ["et"]\n'))
        said = "fine: Solar, 1 product, 1 segment, 3 channels, 3 groups, 1 language\n"
        assert (result.exit_code, result.stdout) == (0, said)

    @pytest.mark.rule("P1")
    def test_every_fault_on_a_line_of_its_own(self, tmp_path: Path) -> None:
        result = run("programme", "check", self.written(tmp_path, 'zone = "Nowhere"\ncolour = "red"\nproducts = []\n'))
        assert result.exit_code == 1
        assert {"colour", "zone", "products"} <= {line.split(":")[0] for line in result.stdout.splitlines()}

    def test_one_that_is_not_there(self) -> None:
        result = run("programme", "check", "nowhere.toml")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "The programme nowhere.toml cannot be opened: No such file or directory.\n"

    def test_the_household_programme_is_shown_when_none_is_named(self) -> None:
        result = run("programme", "show")
        rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line[:1].isalpha())
        assert result.exit_code == 0
        assert rows["zone"].strip() == "Europe/Tallinn"
        assert rows["products"].strip() == "electricity"
        assert rows["keeping_products"].strip() == "electricity, gas"
        assert rows["existing_customer_products"].strip() == "every product"
        assert rows["returning_after"].strip() == "never"
        assert rows["pay_ended_referrer"].strip() == "true"
        assert rows["referee_groups"].strip() == "channel self-service: referee-self-service"
        assert "*" not in result.stdout

    def test_what_was_changed_is_marked(self, tmp_path: Path) -> None:
        text = """
            returning_after = "P1Y6M"
            blocking_channels = []
            [[groups]]
            id = "referrer"
            side = "referrer"
            name = "Friends"
            [[groups]]
            id = "referee-manual"
            side = "referee"
            [[referee_groups]]
            group = "referee-manual"
        """
        result = run("programme", "show", self.written(tmp_path, text))
        changed = {
            line.split(" *")[0]: line.split(" *")[1].strip() for line in result.stdout.splitlines() if " *" in line
        }
        assert changed == {
            "groups": 'referrer: referrer, called "Friends"',
            "referee_groups": "everything else: referee-manual",
            "returning_after": "P1Y6M",
            "blocking_channels": "none",
        }
        assert result.stdout.endswith("* not as in the household programme\n")

    def test_one_with_faults_is_not_shown(self, tmp_path: Path) -> None:
        result = run("programme", "show", self.written(tmp_path, "products = 1\n"))
        assert (result.exit_code, result.stdout) == (2, "")


GROWN = """
    [[groups]]
    id = "referrer"
    side = "referrer"
    [[groups]]
    id = "referee-self-service"
    side = "referee"
    [[groups]]
    id = "referee-manual"
    side = "referee"
    [[groups]]
    id = "fair"
    side = "referee"
    name = "At the fair"
    [[referee_groups]]
    channel = "sales-portal"
    group = "fair"
    [[referee_groups]]
    group = "referee-manual"
"""
"""The household programme with a group that came later, which gives to those who sign up in the sales portal."""


@pytest.mark.rule("P5")
class TestProgrammeOfADatabase:
    @pytest.fixture
    def db(self, tmp_path: Path) -> str:
        url = f"sqlite:///{tmp_path / 'some.db'}"
        with SqlStore(url, Programme.default()):
            pass
        return url

    @pytest.fixture
    def grown(self, tmp_path: Path) -> str:
        path = tmp_path / "grown.toml"
        path.write_text(GROWN, encoding="utf-8")
        return str(path)

    @pytest.fixture
    def swedish(self, tmp_path: Path) -> str:
        path = tmp_path / "swedish.toml"
        path.write_text('currency = "SEK"\nzone = "Europe/Stockholm"\n', encoding="utf-8")
        return str(path)

    def test_a_database_of_another_programme_is_not_opened_by_any_command(self, db: str, swedish: str) -> None:
        said_of = "--db: zone-mismatch, currency-mismatch: the store belongs to a programme of Europe/Tallinn and EUR,"
        for words in (
            ["check", "A123", "--programme", swedish],
            ["summary", "--programme", swedish],
            ["pay", "--programme", swedish],
            ["groups", "list", "--programme", swedish],
            ["trace", "verify", "--programme", swedish],
            ["trace", "seal", "--programme", swedish],
            ["erase", "C-1", "--by", "anu", "--reason", "asked", "--programme", swedish],
            ["replay", str(FEED), "--programme", swedish],
            ["db", "upgrade", "--programme", swedish],
            ["programme", "diff", swedish],
            ["programme", "apply", swedish],
            ["programme", "apply", swedish, "--dry-run"],
        ):
            result = run(*words, "--db", db)
            assert result.exit_code == 2, words
            assert result.stderr.startswith(said_of), words
        assert {group.id for group in _groups(db)} == {"referrer", "referee-self-service", "referee-manual"}

    def test_what_a_database_lacks_is_said_by_every_command(self, db: str, grown: str) -> None:
        for words in (["summary"], ["groups", "list"], ["pay"], ["trace", "seal"], ["issue-codes"]):
            result = run(*words, "--programme", grown, "--db", db)
            assert result.exit_code == 0
            assert result.stderr.splitlines()[0] == (
                "--db: The programme has groups that the database does not have: fair."
                " `referral programme apply` adds them."
            )
        assert run("programme", "apply", grown, "--db", db).stderr == ""
        assert run("summary", "--programme", grown, "--db", db).stderr == ""

    def test_a_difference_is_shown_and_then_applied(self, db: str, grown: str) -> None:
        shown = run("programme", "diff", grown, "--db", db)
        assert (shown.exit_code, shown.stdout) == (1, "missing: fair, referee\n")
        (told,) = printed(run("programme", "diff", grown, "--db", db, "--json"))
        assert told == {
            "missing": [{"id": "fair", "side": "referee", "name": "At the fair"}],
            "taken": [],
            "different": [],
            "others": [],
        }
        dry = run("programme", "apply", grown, "--db", db, "--dry-run")
        assert (dry.exit_code, dry.stdout) == (0, "would be added: fair\n")
        assert len(_groups(db)) == 3
        done = run("programme", "apply", grown, "--db", db, "--by", "anu", "--reason", "the fair")
        assert (done.exit_code, done.stdout) == (0, "added: fair\n")
        assert _groups(db)[-1].name == "At the fair"
        (row,) = printed(run("trace", "show", "programme", "--db", db))
        assert (row["act"], row["actor"], row["role"], row["reason"]) == (
            "programme.apply", "anu", "administrator", "the fair",
        )  # fmt: skip
        assert row["after"] == {"fair": "referee"}
        again = run("programme", "apply", grown, "--db", db)
        assert (again.exit_code, again.stdout) == (0, "added: nothing\n")
        shown = run("programme", "diff", grown, "--db", db)
        assert (shown.exit_code, shown.stdout) == (0, "the database has every group of the programme\n")

    def test_differences_that_stay_are_shown(self, db: str, grown: str) -> None:
        run("groups", "add", "spring", "--side", "referee", "--db", db)
        run("groups", "rename", "referrer", "--name", "AT THE FAIR", "--db", db)
        shown = run("programme", "diff", grown, "--db", db)
        assert (shown.exit_code, shown.stdout.splitlines()) == (
            1,
            [
                "missing: fair, referee",
                "cannot be added: fair, as referrer in the database is called 'At the fair'",
                "different: referrer, name 'referrer' in the programme, 'AT THE FAIR' in the database",
                "in the database only: spring",
            ],
        )
        dry = run("programme", "apply", grown, "--db", db, "--dry-run")
        assert (dry.exit_code, dry.stdout.splitlines()[0]) == (1, "would be added: nothing")
        refused = run("programme", "apply", grown, "--db", db)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("group-exists: ")
        assert len(_groups(db)) == 4

    def test_a_database_without_any_programme_gets_this_one(self, tmp_path: Path, grown: str) -> None:
        url = f"sqlite:///{tmp_path / 'new.db'}"
        run("db", "upgrade", "--db", url)
        (told,) = printed(run("programme", "apply", grown, "--db", url, "--dry-run", "--json"))
        assert (told["applied"], [group["id"] for group in told["missing"]]) == (False, GROUPS)
        (told,) = printed(run("programme", "apply", grown, "--db", url, "--json"))
        assert (told["applied"], [group["id"] for group in told["missing"]]) == (True, GROUPS)
        assert [group.id for group in _groups(url)] == GROUPS

    def test_a_check_says_what_it_could_not_decide_by(
        self, db: str, grown: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terminal = at_terminal(monkeypatch)
        request = check_command.CodeRequest(
            code="A123", customer=None, channel="sales-portal", product=None, segment=None
        )
        check_command.check(
            request, feed=None, db=db, programme=Path(grown), code_key=None, at=None, language="en", as_json=False
        )
        assert "the programme has to be applied: fair." in " ".join(terminal.getvalue().split())


GROUPS = ["referrer", "referee-self-service", "referee-manual", "fair"]


def _groups(db: str) -> tuple[DiscountGroup, ...]:
    with SqlStore(db) as store:
        return store.groups.all()
