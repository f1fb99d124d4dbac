"""``referral check``: a decision for people and for programs, after a feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.adapters.cli.command_line import FEED, LINES, printed, run

ACCEPTED = " Write a day, as 2021-03-01, or a moment with an offset, as 2021-03-01T09:00:00+02:00.\n"


class TestCheck:
    def test_a_usable_code(self) -> None:
        result = run("check", "a-123", "--feed", FEED)
        assert result.exit_code == 0
        assert printed(result) == [
            {
                "code": "A123",
                "judged_at": "2021-05-01T00:00:00+03:00",
                "reasons": [],
                "usable": True,
                "referee_amount": "12.00",
                "referrer_amount": "15.00",
                "referee_group": "referee-self-service",
                "referrer_group": "referrer",
            }
        ]

    def test_an_unusable_code_has_all_its_reasons(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--customer", "customer-A")
        assert result.exit_code == 1
        assert printed(result)[0]["reasons"] == ["existing-customer", "self-referral"]

    @pytest.mark.parametrize(
        ("at", "amount"),
        [("2021-02-28T23:59:59+02:00", "10.00"), ("2021-03-01", "15.00"), ("2021-02-28T22:00:00Z", "15.00")],
    )
    def test_a_moment_or_a_day_which_begins_at_local_midnight(self, at: str, amount: str) -> None:
        result = run("check", "A123", "--feed", FEED, "--at", at)
        assert printed(result)[0]["referrer_amount"] == amount

    def test_a_moment_before_the_code(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--at", "2020-12-08")
        assert (result.exit_code, printed(result)[0]["reasons"]) == (1, ["code-pending", "no-amount"])

    @pytest.mark.parametrize(
        ("at", "said"),
        [
            (
                "2021-03-01T09:00:00",
                "moment-naive: --at: 2021-03-01T09:00:00 carries no time zone." + ACCEPTED,
            ),
            (
                "yesterday",
                "--at: 'yesterday' is not an RFC 3339 moment with an offset." + ACCEPTED,
            ),
            (
                "2021-02-30",
                "--at: '2021-02-30' is no day: day is out of range for month." + ACCEPTED,
            ),
            ("9999-01-01", "moment-invalid: --at: 9999-01-01 is out of bounds.\n"),
        ],
    )
    def test_what_is_no_moment(self, at: str, said: str) -> None:
        result = run("check", "A123", "--feed", "not even looked at", "--at", at)
        assert (result.exit_code, result.stderr) == (2, said)

    def test_channel_product_and_segment_are_passed_on(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--channel", "distributor", "--product", "electricity")
        assert printed(result)[0]["referee_group"] == "referee-manual"
        for other in (("--segment", "business"), ("--product", "gas")):
            result = run("check", "A123", "--feed", FEED, *other)
            assert printed(result)[0]["reasons"] == ["not-eligible"]

    def test_lines_that_failed_are_mentioned(self, edges_before: Path) -> None:
        result = run("check", "A123", "--feed", edges_before)
        assert result.stderr == "1 line of the feed was refused or invalid.\n"

    def test_a_feed_without_a_moment(self) -> None:
        result = run("check", "A123", "--feed", "-", feed="no event\n")
        assert result.exit_code == 1
        judged_at = datetime.fromisoformat(printed(result)[0]["judged_at"])
        assert abs(datetime.now(UTC) - judged_at) < timedelta(hours=1)

    def test_the_last_moment_is_that_of_the_last_line_that_has_one(self) -> None:
        result = run("check", "A123", "--feed", "-", feed="".join([*LINES, "no event\n"]))
        assert printed(result)[0]["judged_at"] == "2021-05-01T00:00:00+03:00"

    def test_a_language_there_is_none_in(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--language", "xx")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("--language: there are no messages in 'xx'")

    @pytest.mark.parametrize("command", [("check", "A123"), ("summary",)], ids=["check", "summary"])
    @pytest.mark.parametrize("given", [(), ("--feed", "a", "--db", "b")], ids=["neither", "both"])
    def test_it_takes_a_feed_or_a_database(self, command: tuple[str, ...], given: tuple[str, ...]) -> None:
        result = run(*command, *given)
        assert result.exit_code == 2
        assert "give either a feed or a database" in result.stderr
