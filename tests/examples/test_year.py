"""The generated year: deterministic, in order, believable, and fit for the library.

``REFERRAL_YEAR`` says of how many accounts it is; some hundreds, unless somebody asks for thousands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest

from examples.year import feed, year
from examples.year.replay import runner

pytestmark = pytest.mark.xdist_group("year")  # one process, so that the big year is told once

ROOT = Path(__file__).parents[2]
ACCOUNTS = int(os.environ.get("REFERRAL_YEAR", "1000"))
SEEDS = (7, 8) if ACCOUNTS >= 2_000 else (7,)
TYPES = {
    "contract.concluded", "contract.activated", "contract.terminated", "contract.withdrawn",
    "code.attach", "code.check", "code.issue", "code.end", "code.shared",
    "group.add", "group.rename", "group.disable", "group.enable", "amount.set",
    "referral.change-group", "case.open", "case.finish", "case.abandon",
    "bill.issued", "discount.transfer", "termination-fee.note",
}  # fmt: skip


@attrs.frozen
class Replay:
    """A year that was replayed: its events, their results and the closing summary."""

    events: list[dict[str, Any]]
    results: list[dict[str, Any]]
    summary: dict[str, Any]

    def of(self, type_: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Return the events of a type with their results, without repeated ones."""
        pairs = zip(self.events, self.results, strict=True)
        return [(event, result) for event, result in pairs if event["type"] == type_ and not is_repeated(result)]

    def sign_ups(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Return the sign-ups of the year itself that took effect."""
        return [
            (event, result)
            for event, result in self.of("contract.concluded")
            if event["time"] >= "2025" and result["outcome"] in ("done", "warned")
        ]


def is_repeated(result: dict[str, Any]) -> bool:
    return bool(result["outcome"] == "repeated")


def tell(accounts: int, seed: int, code_key: str = "demo") -> Replay:
    library = runner(code_key)
    course = year(accounts, seed)
    events: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    event = next(course, None)
    while event is not None:
        events.append(event)
        results.append(library.handle(json.dumps(event), len(events)))
        try:
            event = course.send(results[-1])
        except StopIteration:
            event = None
    library.finish()
    return Replay(events, results, library.summary())


@pytest.fixture(scope="module")
def told() -> Replay:
    return tell(ACCOUNTS, 7)


def test_the_same_seed_gives_the_same_feed() -> None:
    assert list(feed(60, 3, "demo")) == list(feed(60, 3, "demo"))


def test_another_seed_gives_another_feed() -> None:
    assert list(feed(60, 3, "demo")) != list(feed(60, 4, "demo"))


def test_another_code_key_changes_nothing_but_codes() -> None:
    one, other = (
        [(event["id"], event["type"], event["time"]) for event in map(json.loads, feed(60, 3, key))]
        for key in ("demo", "another")
    )
    assert one == other


@pytest.mark.parametrize("accounts", [0, 1, 5])
def test_a_tiny_year_is_a_year(accounts: int) -> None:
    lines = [json.loads(line) for line in feed(accounts, 1, "demo")]
    assert len({line["data"]["account"] for line in lines if "account" in line["data"]}) == accounts


def test_the_feed_replays_to_the_same_results() -> None:
    told = tell(80, 7)
    library = runner("demo")
    assert list(library.run(feed(80, 7, "demo"))) == told.results
    assert library.summary() == told.summary


def test_the_command_replays_the_feed_with_the_same_key(tmp_path: Path) -> None:
    path, summary = tmp_path / "feed.jsonl", tmp_path / "summary.json"
    path.write_text("".join(f"{line}\n" for line in feed(60, 3, "key")), encoding="utf-8")
    command = [sys.executable, "-m", "referral_adapters.cli", "replay", str(path), "--code-key", "key"]
    subprocess.run([*command, "--summary", str(summary)], check=False, capture_output=True, cwd=ROOT)
    assert json.loads(summary.read_text(encoding="utf-8")) == tell(60, 3, "key").summary


def test_the_script_writes_the_feed() -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "year" / "generate.py")]
    arguments = ["--accounts", "20", "--seed", "3", "--code-key", "key"]
    written = subprocess.run([*command, *arguments], check=True, capture_output=True, encoding="utf-8", cwd=ROOT)
    assert written.stdout.splitlines() == list(feed(20, 3, "key"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_type_of_event_occurs(seed: int, told: Replay) -> None:
    year_told = told if seed == 7 else tell(ACCOUNTS, seed)
    assert {event["type"] for event in year_told.events} == TYPES


def test_events_come_in_order_of_time(told: Replay) -> None:
    moments = [
        datetime.fromisoformat(event["time"])
        for event, result in zip(told.events, told.results, strict=True)
        if not is_repeated(result)
    ]
    assert all(earlier <= later for earlier, later in pairwise(moments))


@pytest.mark.rule("B2")
def test_ids_are_unique_but_for_lines_that_are_delivered_again(told: Replay) -> None:
    first: dict[str, str] = {}
    for event, result in zip(told.events, told.results, strict=True):
        line = json.dumps(event)
        assert is_repeated(result) == (event["id"] in first)
        assert first.setdefault(event["id"], line) == line
    assert 10 < len(told.events) - len(first) < len(told.events) / 100


def test_about_as_many_accounts_as_asked_for(told: Replay) -> None:
    assert ACCOUNTS * 0.97 < len(told.summary["accounts"]) < ACCOUNTS * 1.05


def test_about_one_sign_up_in_five_has_a_code(told: Replay) -> None:
    referred = sum(referral["status"] != "cancelled" for referral in told.summary["referrals"])
    assert 0.15 < referred / len(told.sign_ups()) < 0.25


def test_three_in_ten_customers_share(told: Replay) -> None:
    sharers = {account["customer"] for account in told.summary["accounts"].values() if account["sent"]}
    customers = {account["customer"] for account in told.summary["accounts"].values()}
    assert 0.2 < len(sharers) / len(customers) < 0.4


def test_a_referrer_who_brings_anybody_brings_two_or_three(told: Replay) -> None:
    used = [account["used"] for account in told.summary["accounts"].values() if account["used"]]
    assert 1.7 < sum(used) / len(used) < 3.3


def test_channels_have_their_shares(told: Replay) -> None:
    channels = Counter(event["data"]["channel"] for event, _ in told.sign_ups())
    shares = {channel: count / channels.total() for channel, count in channels.items()}
    assert 0.5 < shares["self-service"] < 0.7
    assert 0.2 < shares["sales-portal"] < 0.4
    assert 0.05 < shares["distributor"] < 0.2


def test_autumn_is_busier_than_spring(told: Replay) -> None:
    months = Counter(int(event["time"][5:7]) for event, _ in told.sign_ups())
    assert months[9] + months[10] + months[11] > 1.1 * (months[4] + months[5] + months[6])


def test_staff_sign_up_customers_in_office_hours(told: Replay) -> None:
    moments = [
        datetime.fromisoformat(event["time"])
        for event, _ in told.sign_ups()
        if event["data"]["channel"] != "self-service"
    ]
    assert all(moment.weekday() < 5 and 9 <= moment.hour < 18 for moment in moments)


def test_contracts_activate_and_end_at_local_midnight(told: Replay) -> None:
    for type_ in ("contract.activated", "contract.terminated"):
        late = [event for event, result in told.of(type_) if result["outcome"] == "done"]
        assert late
        assert all(event["time"][11:19] == "00:00:00" for event in late)


def test_no_line_is_invalid_and_few_are_refused(told: Replay) -> None:
    outcomes = Counter(result["outcome"] for result in told.results)
    assert outcomes["invalid"] == 0
    assert 10 < outcomes["refused"] < len(told.results) * 0.03
    assert outcomes["warned"] > 0


def test_refusals_are_of_many_kinds(told: Replay) -> None:
    reasons = {reason for result in told.results if result["outcome"] == "refused" for reason in result["reasons"]}
    assert reasons >= {"existing-customer", "former-customer", "contract-active", "not-allowed"}
    assert len(reasons) >= 8


@pytest.mark.rule("B6", "B7")
def test_money_is_conserved_on_every_account(told: Replay) -> None:
    total: Counter[str] = Counter()
    for name, account in told.summary["accounts"].items():
        money = {key: Decimal(account[key]) for key in ("granted", "transferred_in", "transferred_out", "consumed")}
        came, went = money["granted"] + money["transferred_in"], money["consumed"] + money["transferred_out"]
        assert came - went == Decimal(account["unused"]) >= 0, name
        for key, amount in money.items():
            total[key] += int(amount * 100)
    assert total["transferred_in"] == total["transferred_out"] > 0
    assert total["granted"] > total["consumed"] > 0


@pytest.mark.rule("B1", "B2")
def test_what_is_granted_is_what_granted_referrals_locked(told: Replay) -> None:
    granted = sum(Decimal(account["granted"]) for account in told.summary["accounts"].values())
    locked = sum(
        Decimal(referral["referrer_amount"]) + Decimal(referral["referee_amount"])
        for referral in told.summary["referrals"]
        if referral["status"] == "granted"
    )
    assert granted == locked > 0
