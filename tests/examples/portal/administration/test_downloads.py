"""Downloads, which spreadsheets and programs read; the settings; and who may see any of it."""

from __future__ import annotations

import csv
import json
import re

import attrs
import pytest

from examples.portal.administration.downloads import MARK_OF_ORDER, csv_lines, safe
from examples.portal.administration.settings import PARTS
from examples.portal.catalogue import LANGUAGES
from examples.portal.world import PORTAL, World
from referral_core import Money
from referral_core.programme.settings import Checking, Paying, Settings
from tests.examples.portal.test_pages import ADMINISTRATION
from tests.examples.portal.visitor import Visitor

DOWNLOADS = "/administration/downloads"
FILES = (f"{DOWNLOADS}/summary.json", f"{DOWNLOADS}/accounts.csv", f"{DOWNLOADS}/trace.jsonl?about=programme")
FORMS = (
    "/administration/groups",
    "/administration/names",
    "/administration/switches",
    "/administration/amounts",
    "/administration/amounts/preview",
    "/administration/trace/verification",
    "/administration/trace/seal",
    "/administration/stuck",
)


@pytest.fixture
def andres(visitor: Visitor) -> Visitor:
    """Return the administrator, who reads English."""
    return visitor.becomes("Andres Aas").speaks("en")


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a table as a spreadsheet reads it."""
    return list(csv.DictReader(text.removeprefix(MARK_OF_ORDER).splitlines()))


def concludes(world: World, account: str) -> None:
    """Conclude a contract on an account of any name."""
    world.act(PORTAL).sign_ups.conclude(f"K{account}", account=account, customer=f"C{account}")


@pytest.mark.rule("R2")
def test_the_summary_reconciles_with_billing(andres: Visitor) -> None:
    answer = andres.opens(FILES[0])
    told = json.loads(answer.text)
    assert answer.headers["content-disposition"] == 'attachment; filename="summary.json"'
    accounts = [account for account, _ in andres.world.store.contracts.accounts()]
    assert list(told["accounts"]) == accounts
    unused = Money.total(andres.world.store.billing.balance(account).unused for account in accounts)
    assert told["liability"]["granted_unused"] == str(unused.amount)


@pytest.mark.rule("C11", "T2", "T3")
def test_the_table_has_every_account_with_its_code_and_figures(andres: Visitor) -> None:
    answer = andres.opens(FILES[1])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = {row["account"]: row for row in rows(answer.text)}
    assert list(table) == [account for account, _ in andres.world.store.contracts.accounts()]
    anna = table["A-1001"]
    balance = andres.world.store.billing.balance("A-1001")
    assert (anna["sent"], anna["used"], anna["earned"], anna["on_the_way"]) == ("5", "3", "20.00", "15.00")
    assert (anna["granted"], anna["unused"]) == (str(balance.granted.amount), str(balance.unused.amount))
    assert anna["code"] == andres.world.store.promo_codes.of_account("A-1001")[-1].text
    assert (table["A-1002"]["status"], table["A-1002"]["ending"]) == ("ended", "by-hand")
    assert table["A-1006"]["code"] == "", "small businesses have no code"


@pytest.mark.rule("T3")
def test_no_cell_begins_a_formula(andres: Visitor) -> None:
    formulas = ['=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "＝1", "|x", "%0A"]
    for account in formulas:
        concludes(andres.world, account)
    found = [row["account"] for row in rows(andres.opens(FILES[1]).text)]
    assert {f"'{account}" for account in formulas} <= set(found)
    assert not [cell for cell in found if cell.strip()[:1] in "=+-@|%"]


@pytest.mark.parametrize("cell", ["\t=1", " =1", "\r=1"])
def test_nor_does_one_after_blanks(cell: str) -> None:
    """No id has such blanks, but a reason may."""
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["24.90", "A-1001", "", " ", "2026-03-02T09:00:00+02:00", 'say "so", they said'])
def test_what_begins_no_formula_is_left_as_it_is(cell: str) -> None:
    assert safe(cell) == cell
    (read,) = csv.DictReader("".join(csv_lines(["cell", "other"], [[cell, None]])).splitlines())
    assert read == {f"{MARK_OF_ORDER}cell": cell, "other": ""}


@pytest.mark.rule("A2")
def test_rows_of_the_trace_are_an_object_a_line(andres: Visitor) -> None:
    answer = andres.opens(f"{DOWNLOADS}/trace.jsonl", about="account", id="A-1002", act="code.end")
    assert answer.headers["content-disposition"] == 'attachment; filename="trace-account-A-1002.jsonl"'
    (row,) = map(json.loads, answer.text.splitlines())
    (kept,) = (each for each in andres.world.store.trace.chain("account:A-1002") if each.act == "code.end")
    assert (row["actor"], row["reason"], row["hash"]) == ("tiina.tamm", "Found on a coupon site.", kept.hash)
    assert row["before"] == kept.before
    assert row["erased"] is False


def test_files_are_named_by_what_is_safe_in_a_name(andres: Visitor) -> None:
    answer = andres.opens(f"{DOWNLOADS}/trace.jsonl", about="account", id='A"/../;:õ')
    assert answer.headers["content-disposition"] == 'attachment; filename="trace-account-A--------.jsonl"'
    assert answer.text == ""


def test_every_setting_is_on_its_page(andres: Visitor) -> None:
    shown = {name for names in PARTS.values() for name in names}
    nested = {"paying": Paying, "checking": Checking}
    inside = {f"{name}.{field.name}" for name, kind in nested.items() for field in attrs.fields(kind)}
    assert shown == {field.name for field in attrs.fields(Settings)} - set(nested) | inside
    page = andres.opens("/administration/settings").text
    for told in ("Europe/Tallinn", "self-service → referee-self-service", "every product", "12", "1 d"):
        assert told in page
    assert not re.search(r">[^<]*\b[A-Z]\d{1,2}\b", page), "rules are named for maintainers, not on pages"


@pytest.mark.rule("A1")
def test_administration_is_for_administrators_alone(visitor: Visitor) -> None:
    for name in ("Anna Kask", "Mari Mets", "Tiina Tamm"):
        visitor.becomes(name)
        before = visitor.world.store.groups.all(), tuple(visitor.world.store.trace.seals())
        for path in (*ADMINISTRATION, *FILES):
            assert visitor.opens(path).status_code == 403, path
        for path in FORMS:
            form = {"group": "referrer", "name": "Mine", "amount": "7", "to": "disabled", "key": "k", "reason": "r"}
            assert visitor.sends(path, **form).status_code == 403, path
        assert (visitor.world.store.groups.all(), tuple(visitor.world.store.trace.seals())) == before


@pytest.mark.parametrize("sent", [{"token": "made up"}, {"origin": "https://elsewhere.example"}])
def test_a_form_from_elsewhere_is_refused(andres: Visitor, sent: dict[str, str]) -> None:
    before = tuple(andres.world.store.trace.chain())
    for path in FORMS:
        answer = andres.sends(path, group="referrer", name="Mine", amount="7", side="referee", **sent)
        assert answer.status_code == 403, path
    assert tuple(andres.world.store.trace.chain()) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_forms_is_said_in_every_language(andres: Visitor, language: str) -> None:
    andres.speaks(language)
    july = {"group": "referrer", "amount": "20", "from": "2026-07-01", "until": "2026-07-31"}
    for path, fields in (
        ("/administration/groups", {"group": "A", "name": ""}),
        ("/administration/amounts", july),
        ("/administration/amounts/preview", {**july, "amount": "x"}),
        ("/administration/trace/verification", {}),
        ("/administration/trace/seal", {}),
        ("/administration/trace/seal", {}),
    ):
        page = andres.sends(path, **fields)
        assert page.status_code in {200, 409, 422}
        assert f'<html lang="{language}">' in page.text
