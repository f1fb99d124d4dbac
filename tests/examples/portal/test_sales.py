"""Sign-ups and cases in the hands of staff: what is shown, what is asked for, what is refused, what is kept."""

from __future__ import annotations

import re
from html import unescape

import pytest
from httpx import Response

from examples.portal.catalogue import LANGUAGES
from referral_core import Actor, CaseStatus, Contract, Money, Reason, Referral, Role
from tests.examples.portal.test_self_service import ANNAS, code_of
from tests.examples.portal.visitor import Visitor

EVIL = '"><script>alert(1)</script>'
JAANS, PEETERS, CASE, OPEN_WITH_CODE = "A-1002", "A-1005", "S-1014", "K-1015"
WITHOUT_REASON = {"code": "reason-missing"}


@pytest.fixture
def agent(visitor: Visitor) -> Visitor:
    """Return an agent for homes, who reads English."""
    return visitor.becomes("Mari Mets").speaks("en")


def looks_and_does(agent: Visitor, path: str, **fields: str) -> Response:
    """Send a form to see what it brings, then send it with what was seen."""
    return agent.sends(path, step="do", seen=seen(agent.sends(path, **fields)), **fields)


def seen(page: Response) -> str:
    """Return what a page says that somebody was shown."""
    found = re.search(r'name="seen" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def concludes(agent: Visitor, **fields: str) -> Contract:
    """Conclude a sign-up, and return its contract."""
    page = looks_and_does(agent, "/sales/new", **{"name": "Nele Nurk", **fields})
    return contract(agent, page.url.path.rsplit("/", 1)[-1])


def contract(agent: Visitor, id_: str) -> Contract:
    """Return a contract that is there."""
    found = agent.world.store.contracts.find(id_)
    assert found is not None
    return found


def referral(agent: Visitor, id_: str) -> Referral:
    """Return the referral of a contract that has one."""
    found = agent.world.store.referrals.find(id_)
    assert found is not None
    return found


def state(agent: Visitor) -> object:
    """Return what forms on these pages could change."""
    store, people = agent.world.store, agent.world.people
    return tuple(store.contracts.accounts()), tuple(store.referrals.all()), tuple(store.cases.all()), people.customers()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_shown_in_every_language(visitor: Visitor, language: str) -> None:
    visitor.becomes("Tiina Tamm").speaks(language)
    done = concludes(visitor, code=code_of(visitor, PEETERS))
    paths = [
        "/sales",
        "/sales?show=all",
        "/sales?q=anna",
        "/sales/new",
        "/sales/new?customer=C-1001",
        f"/sales/sign-ups/{done.id}",
        f"/sales/sign-ups/{done.id}/code",
        f"/sales/sign-ups/{OPEN_WITH_CODE}",
        f"/sales/sign-ups/{OPEN_WITH_CODE}/group",
        f"/sales/sign-ups/{OPEN_WITH_CODE}/explanation",
        "/sales/cases",
        f"/sales/cases/{CASE}",
        f"/sales/cases/{CASE}/finish",
        f"/sales/cases/{CASE}/abandon",
    ]
    for path in paths:
        page = visitor.opens(path)
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", page.text), path


def test_open_sign_ups_come_first_and_all_are_there_by_pages(agent: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.portal.sales.PAGE", 5)
    assert shown(agent.opens("/sales")) == [OPEN_WITH_CODE]
    pages, path = [], "/sales?show=all"
    while path:
        page = agent.opens(path)
        pages.append(shown(page))
        following = re.search(r'href="([^"]*)" rel="next"', page.text)
        path = unescape(following[1]) if following else ""
    assert [len(each) for each in pages] == [5, 5, 3], "and none of a small business, which is not this agent's"
    everything = [each for few in pages for each in few]
    assert everything == sorted(everything)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("K-1008", ["K-1008"]),
        ("k-1008", ["K-1008"]),
        ("A-1008", ["K-1008"]),
        ("C-1004", ["K-1004", "K-1012"]),
        ("bērz", ["K-1004", "K-1012"]),
        ("be\u0304rz", ["K-1004", "K-1012"]),
        ("Svetlana", ["K-1008"]),
        ("Pagaripoisid", []),
        ("A-1006", []),
        ("nobody by this name", []),
    ],
)
def test_sign_ups_are_found_by_what_a_customer_can_say(agent: Visitor, words: str, found: list[str]) -> None:
    assert shown(agent.opens("/sales", q=words)) == found


def shown(page: Response) -> list[str]:
    """Return the contracts that a list shows."""
    return re.findall(r'<th scope="row"><a href="/sales/sign-ups/([^"]+)"', page.text)


@pytest.mark.rule("A1")
def test_an_agent_for_companies_sees_no_household(visitor: Visitor) -> None:
    visitor.becomes("Juris Ozols")
    assert shown(visitor.opens("/sales?show=all")) == ["K-1006"]
    assert visitor.opens("/sales/sign-ups/K-1001").status_code == 403
    assert visitor.opens(f"/sales/cases/{CASE}").status_code == 403
    before = state(visitor)
    assert "not-allowed" in visitor.sends("/sales/new", name="Nele Nurk", segment="household").text
    assert "Anna Kask" not in visitor.opens("/sales/new", customer="C-1001").text
    assert "Pagaripoisid" in visitor.opens("/sales/new", customer="C-1006").text
    assert state(visitor) == before


@pytest.mark.rule("S5", "S7")
def test_what_is_looked_at_is_not_done(agent: Visitor) -> None:
    before, number = state(agent), agent.world.people.number()
    page = agent.sends("/sales/new", name="Nele Nurk", code=code_of(agent, ANNAS))
    assert "€7" in page.text
    assert "€15" in page.text
    assert state(agent) == before
    assert agent.world.people.number() == number + 1, "not even a number was given out"


@pytest.mark.rule("S7")
def test_nothing_else_is_done_than_what_was_seen(agent: Visitor) -> None:
    looked_at = agent.sends("/sales/new", name="Nele Nurk", code=code_of(agent, ANNAS))
    before = state(agent)
    page = agent.sends("/sales/new", step="do", seen=seen(looked_at), name="Nele Nurk", code=code_of(agent, PEETERS))
    assert "This is not what you were shown" in page.text
    assert state(agent) == before
    assert "This is not what you were shown" in agent.sends("/sales/new", step="do", name="Nele Nurk").text
    assert state(agent) == before


@pytest.mark.rule("S8", "D7")
@pytest.mark.parametrize(
    ("path", "looked_at", "sent"),
    [
        (
            f"/sales/sign-ups/{OPEN_WITH_CODE}/group",
            {"group": "referee-self-service", "reason": "Why not."},
            {"group": "referee-manual", "reason": "Why not."},
        ),
        (f"/sales/cases/{CASE}/finish", {"group": "referee-manual"}, {"group": ""}),
    ],
)
def test_no_other_choice_is_made_than_the_one_that_was_seen(
    agent: Visitor, path: str, looked_at: dict[str, str], sent: dict[str, str]
) -> None:
    shown_to_them = seen(agent.sends(path, **looked_at))
    before = state(agent)
    assert "This is not what you were shown" in agent.sends(path, step="do", seen=shown_to_them, **sent).text
    assert state(agent) == before


@pytest.mark.rule("D3", "S7")
def test_amounts_that_changed_meanwhile_are_shown_again(agent: Visitor) -> None:
    world, administrator = agent.world, Actor("andres.aas", Role.ADMINISTRATOR)
    path, fields = "/sales/new", {"name": "Nele Nurk", "code": code_of(agent, ANNAS)}
    looked_at = seen(agent.sends(path, **fields))
    world.act(administrator).groups.set_amount("referee-manual", Money("9"))
    before = state(agent)
    page = agent.sends(path, step="do", seen=looked_at, **fields)
    assert "This is not what you were shown" in page.text
    assert "€9" in page.text
    assert state(agent) == before
    agent.sends(path, step="do", seen=seen(page), **fields)
    assert state(agent) != before


@pytest.mark.rule("S9")
def test_an_unusable_code_warns_and_the_warning_stays(agent: Visitor) -> None:
    done = concludes(agent, code=code_of(agent, PEETERS))
    assert (done.warnings, done.warned_code) == ((Reason.CODE_ENDED,), code_of(agent, PEETERS))
    assert agent.world.store.referrals.find(done.id) is None
    page = agent.opens(f"/sales/sign-ups/{done.id}").text
    assert "code-ended" in page
    assert code_of(agent, PEETERS) in page
    assert "code not usable" in agent.opens("/sales").text


@pytest.mark.rule("S1", "S3", "S9")
def test_a_customer_who_is_known_is_warned_of_everything(agent: Visitor) -> None:
    page = agent.sends("/sales/new", customer="C-1001", code=code_of(agent, ANNAS)).text
    assert [word for word in ("existing-customer", "self-referral", "code-ended") if word in page] == [
        "existing-customer",
        "self-referral",
    ]


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"name": ""}, "name", ""),
        ({"name": "\u3164"}, "name", ""),
        ({"name": "N" * 81}, "name", ""),
        ({"code": "A" * 41}, "code", ""),
        ({"product": "water"}, "product", ""),
        ({"group": "referee-self-service"}, "reason", "reason-missing"),
        ({"group": "referrer", "reason": "Why not."}, "group", "group-unknown"),
        ({"honour.moment": "2026-02-01T10:00", "reason": "  "}, "reason", "reason-missing"),
        ({"honour.moment": "2026-04-01T10:00", "reason": "Why not."}, "honour.moment", "moment-invalid"),
        ({"honour.moment": "yesterday", "reason": "Why not."}, "honour.moment", "moment-invalid"),
        ({"starts_on": "soon"}, "starts_on", "moment-invalid"),
    ],
)
def test_a_sign_up_that_is_refused_keeps_what_was_typed(
    agent: Visitor, fields: dict[str, str], field: str, reason: str
) -> None:
    before = state(agent)
    page = agent.sends("/sales/new", **{"name": "Nele Nurk", "code": code_of(agent, ANNAS), **fields})
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text
    assert reason in page.text
    for name, value in {"name": "Nele Nurk", **fields}.items():
        assert name in {"product", "group"} or not value.strip() or f'value="{value}"' in page.text, name
    assert state(agent) == before


@pytest.mark.rule("S8", "S10")
def test_a_code_is_added_later_and_an_earlier_moment_honoured(agent: Visitor) -> None:
    path = f"/sales/sign-ups/{concludes(agent).id}/code"
    ended, exception = code_of(agent, PEETERS), {"honour.moment": "2026-01-20", "reason": "Began in January."}
    refused = agent.sends(path, code=ended)
    assert "code-ended" in refused.text
    assert 'name="seen"' not in refused.text, "here it cannot be done with a warning"
    page = looks_and_does(agent, path, code=ended, **exception)
    found = referral(agent, page.url.path.rsplit("/", 1)[-1])
    assert (found.referee_offer.amount, found.referrer_offer.amount) == (Money("5"), Money("15"))
    assert agent.world.programme.calendar.day_of(found.judged_at).isoformat() == "2026-01-20"


@pytest.mark.rule("S8")
def test_no_code_is_added_to_a_contract_that_has_started(agent: Visitor) -> None:
    page = agent.sends("/sales/sign-ups/K-1001/code", code=code_of(agent, PEETERS))
    assert page.status_code == 422
    assert "contract-active" in page.text


@pytest.mark.rule("D7", "A2")
def test_a_group_is_changed_with_both_amounts_shown_before_and_after(agent: Visitor) -> None:
    done = concludes(agent, code=code_of(agent, PEETERS), **{"honour.moment": "2026-01-20T12:00", "reason": "Letter."})
    path = f"/sales/sign-ups/{done.id}/group"
    assert "reason-missing" in agent.sends(path, group="referee-self-service").text
    assert "group-unknown" in agent.sends(path, group="referrer", reason="Why not.").text
    looked_at = agent.sends(path, group="referee-self-service", reason="Was online.").text
    assert re.findall(r'<strong class="figure">([^<]+)', looked_at) == ["€5", "€7", "€15", "€15"]
    assert referral(agent, done.id).referee_offer.amount == Money("5")
    page = looks_and_does(agent, path, group="referee-self-service", reason="Was online.").text
    assert referral(agent, done.id).referee_offer.amount == Money("7")
    changes = page.split('id="changes"')[1]
    assert [word for word in ("€5", "€7", "Was online.", "Mari Mets") if word not in changes] == []


@pytest.mark.rule("D7")
def test_no_group_without_a_referral_and_none_after_the_start(agent: Visitor) -> None:
    assert "referral-unknown" in agent.opens(f"/sales/sign-ups/{concludes(agent).id}/group").text
    assert "contract-active" in agent.sends("/sales/sign-ups/K-1008/group", group="referee-manual", reason="Why.").text


@pytest.mark.rule("K2", "K3")
def test_a_case_is_finished_once(agent: Visitor) -> None:
    page = looks_and_does(agent, f"/sales/cases/{CASE}/finish")
    found = referral(agent, page.url.path.rsplit("/", 1)[-1])
    assert (found.case, found.referee_offer.group) == (CASE, "referee-self-service")
    assert "case-closed" in agent.sends(f"/sales/cases/{CASE}/finish").text
    assert "case-closed" in agent.sends(f"/sales/cases/{CASE}/abandon").text
    assert CASE not in agent.opens("/sales/cases").text
    assert CASE in agent.opens("/sales/cases?show=all").text


@pytest.mark.rule("K2", "D7")
def test_a_case_is_finished_with_another_group(agent: Visitor) -> None:
    page = looks_and_does(agent, f"/sales/cases/{CASE}/finish", group="referee-manual")
    assert referral(agent, page.url.path.rsplit("/", 1)[-1]).referee_offer.group == "referee-manual"


@pytest.mark.rule("K3")
def test_an_abandoned_case_leaves_nothing(agent: Visitor) -> None:
    before = tuple(agent.world.store.referrals.all())
    agent.sends(f"/sales/cases/{CASE}/abandon")
    case = agent.world.store.cases.find(CASE)
    assert case is not None
    assert case.status is CaseStatus.ABANDONED
    assert tuple(agent.world.store.referrals.all()) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_referral_is_explained_in_plain_words(visitor: Visitor, language: str) -> None:
    visitor.becomes("Mari Mets").speaks(language)
    reason = {"honour.moment": "2026-01-20T12:00", "group": "referee-self-service", "reason": "A letter <of> theirs."}
    done = concludes(visitor, code=code_of(visitor, PEETERS), **reason)
    looks_and_does(visitor, f"/sales/sign-ups/{done.id}/group", group="referee-manual", reason="No, in a shop.")
    page = visitor.opens(f"/sales/sign-ups/{done.id}/explanation").text
    assert "A letter &lt;of&gt; theirs." in page
    assert "No, in a shop." in page
    assert 'class="note"' in page, "everything agrees"
    for contract_id in ("K-1007", "K-1008", OPEN_WITH_CODE):
        assert visitor.opens(f"/sales/sign-ups/{contract_id}/explanation").status_code == 200


def test_what_is_typed_is_never_a_part_of_the_page(agent: Visitor) -> None:
    fields = dict.fromkeys(("name", "code", "group", "reason", "starts_on", "honour.moment", "seen", "customer"), EVIL)
    pages = [
        agent.sends("/sales/new", **fields),
        agent.sends("/sales/new", **{**fields, "group": "", "starts_on": "", "honour.moment": "", "customer": ""}),
        agent.opens("/sales", q=EVIL),
        agent.opens("/sales", after=EVIL, show=EVIL),
        agent.opens("/sales/new", customer=EVIL),
        agent.opens("/sales/cases", after=EVIL, show=EVIL),
        agent.sends(f"/sales/sign-ups/{OPEN_WITH_CODE}/group", **fields),
        agent.sends(f"/sales/cases/{CASE}/finish", **fields),
    ]
    done = concludes(agent, name=EVIL, code="<script>alert")
    pages += [agent.opens("/sales"), agent.opens(f"/sales/sign-ups/{done.id}")]
    assert not [page.url for page in pages if "<script>alert" in page.text]
    assert "&lt;script&gt;alert" in pages[-1].text
