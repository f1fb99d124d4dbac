"""Whoever is limited learns of nothing outside by any door: by every act, every endpoint, and in every way (A6).

The walk goes by the declarations of acts: a new act, or a new argument of one that names something stored, is walked
as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import attrs
import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy.engine import URL

from referral_adapters.http.acts import ACCOUNT_ACTS
from referral_adapters.http.acts import ENDPOINTS as ACT_ENDPOINTS
from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core.entities.actor import Role
from referral_core.session import ACTS
from tests.http.document import Document
from tests.http.door import NOW, ROLES, Door, HttpAnswer
from tests.http.others import NONE, OTHERS, PROGRAMME, fill
from tests.http.proper_requests import PROPER
from tests.http.test_acts import PROPER as PROPER_ACTS
from tests.http.world import CRM, SECRET
from tests.phrases import contract

pytestmark = pytest.mark.rule("A6")

MADE: Final = {
    ("contract.concluded", "contract"),
    ("contract.concluded", "account"),
    ("contract.concluded", "customer"),
    ("case.open", "case"),
    ("case.open", "customer"),
    ("case.finish", "contract"),
    ("case.finish", "account"),
    ("code.issue", "code"),
}
"""The arguments that name what an act makes: whoever makes something is told that the name is taken."""
KINDS: Final = {"key": "key", "subject": "subject"}
"""What an argument names, where its kind does not tell."""


@attrs.frozen
class Limited:
    """A kind of limited caller: the least role that they ask in, and the limits in their token."""

    role: Role
    claims: dict[str, Any]
    subject: str = ""
    sees_codes: bool = False
    """Whether a code that somebody else holds is nothing foreign: codes are passed on from hand to hand."""

    def by(self, act: str | None) -> str:
        """Return who asks for an act: in this role, or in a higher one that the act requires."""
        least = self.role if act is None else ACTS[act].least
        role = max(least.value, self.role.value, key=ROLES.index)
        return f"{role}:{self.subject}" if self.subject else role

    def is_for(self, act: str | None) -> bool:
        """Tell whether this caller may ask for an act at all."""
        return act is not None and (self.role is not Role.CUSTOMER or ACTS[act].least is Role.CUSTOMER)


CALLERS: Final = {
    "a customer": Limited(Role.CUSTOMER, {}, "C-1", sees_codes=True),
    "a customer of one account": Limited(Role.CUSTOMER, {"accounts": ["A"]}, "C-1", sees_codes=True),
    "staff of households": Limited(Role.AGENT, {"segments": ["household"]}),
    "a distributor": Limited(Role.AGENT, {"channels": ["south"]}, sees_codes=True),
    "a distributor of households": Limited(Role.AGENT, {"channels": ["south"], "segments": ["household"]}),
}


class House:
    """A door to the world with the others, which is made anew once somebody has changed something."""

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal
        self.door = self._opened()

    def ask(self, act: str | None, method: str, path: str, body: object, who: Limited) -> HttpAnswer:
        told = self.door.ask(method, path, body, by=who.by(act), **who.claims)
        if told.status < HTTPStatus.BAD_REQUEST and act is not None and not ACTS[act].reads:
            self.door = self._opened()
        return told

    def _opened(self) -> Door:
        return Door(self._portal, fill(MemoryStore(PROGRAMME, secret=SECRET)), programme=PROGRAMME)


@pytest.fixture(scope="module")
def house(portal: BlockingPortal) -> House:
    """Return a house with both."""
    return House(portal)


def names_of(act: str | None) -> dict[str, str]:
    """Return what each argument of an act names, by its name on the wire."""
    found = {}
    for param in ACTS[act].fields if act is not None else ():
        kind = KINDS.get(param.wire, (param.kind.names or "").removeprefix("ended "))
        if kind in OTHERS and param.wire != "after" and (act, param.wire) not in MADE:
            found[param.wire] = kind
    return found


def settled(told: HttpAnswer, *named: str) -> tuple[int, bytes]:
    """Return status and body of an answer, without the names that were asked about."""
    body = told.body
    for name in sorted(named, key=len, reverse=True):
        body = body.replace(name.encode(), b"X")
    return told.status, body


# ── "not there" and "not yours" ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_not_there_is_answered_by_acts_like_what_is_not_theirs(house: House, caller: str) -> None:
    who, walked = CALLERS[caller], 0
    for name in (endpoint.act for endpoint in ACT_ENDPOINTS if who.is_for(endpoint.act)):
        assert name is not None
        if "accounts" in who.claims and name not in ACCOUNT_ACTS:
            continue
        body = PROPER_ACTS[name]
        if "channel" in ACTS[name].params and "channels" in who.claims:
            body = {**body, "channel": "south"}
        for wire, kind in names_of(name).items():
            if kind == "code" and who.sees_codes and name not in {"code.shared", "sharing.text"}:
                continue

            def told(value: str, name: str = name, wire: str = wire, body: dict[str, Any] = body) -> tuple[int, bytes]:
                return settled(house.ask(name, "POST", f"/acts/{name}", {**body, wire: value}, who), value)

            nothing = told(NONE[kind])
            for theirs in OTHERS[kind]:
                walked += 1
                assert told(theirs) == nothing, (name, wire, theirs)
    assert walked > 20


@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_not_there_is_answered_by_endpoints_like_what_is_not_theirs(house: House, caller: str) -> None:
    who, document, walked = CALLERS[caller], Document(house.door.document()), 0
    for endpoint in ENDPOINTS:
        if not who.is_for(endpoint.act):
            continue
        for kind, at in places_of(endpoint):
            if kind == "code" and who.sees_codes:
                continue
            nothing = asked(house, document, endpoint, who, kind, at, NONE[kind])
            for theirs in OTHERS[kind]:
                walked += 1
                assert asked(house, document, endpoint, who, kind, at, theirs) == nothing, (endpoint.name, at, theirs)
    assert walked > 20


def places_of(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Yield what a request to an endpoint names, each with its place: in the path, the query, or the body."""
    named = names_of(endpoint.act)
    query = PROPER[endpoint.name].path.partition("?")[2]
    for place in endpoint.places:
        if place in OTHERS:
            yield place, "path"
    for wire, kind in named.items():
        if f"{wire}=" in query:
            yield kind, f"query {wire}"
        elif endpoint.body_model is not None and wire not in endpoint.places and wire not in endpoint.made:
            yield kind, f"body {wire}"


def asked(
    house: House, document: Document, endpoint: Endpoint, who: Limited, kind: str, at: str, value: str
) -> tuple[int, bytes]:
    """Ask an endpoint about something in the place of its proper thing."""
    path, body = PROPER[endpoint.name].path, document.body_example(endpoint)
    where, _, wire = at.partition(" ")
    if where == "path":
        given = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", endpoint.path), path.partition("?")[0])
        assert given is not None
        path = path.replace(f"/{given[kind]}", f"/{value}")
    elif where == "query":
        path = re.sub(rf"{wire}=[^&]+", f"{wire}={value}", path)
    else:
        assert isinstance(body, dict)
        body = {**body, wire: value}
    if isinstance(body, dict) and "channels" in who.claims and "channel" in ACTS[str(endpoint.act)].params:
        body = {**body, "channel": "south"}
    return settled(house.ask(endpoint.act, endpoint.method, path, body, who), value)


INTERVAL: Final = 0.02
ASKED: Final = 40
"""How often each of two things is asked about. Of so many, one comes before the other in a quarter of all pairs less or
more than in half of them once in a million times, if nothing but chance decides."""


TRIES: Final = 3
"""How often it is tried: on a busy machine a look may take longer than an interval."""


def test_what_is_not_there_takes_as_long_as_what_is_not_theirs(portal: BlockingPortal, tmp_path: Path) -> None:
    """In a database, and of an account with many contracts, to look at which takes long."""
    many = [contract(f"K-2-{number}", on="BA", of="F-20", segment="micro-business") for number in range(150)]
    with SqlStore(URL.create("sqlite", database=str(tmp_path / "referral.db")), PROGRAMME) as store:
        door = Door(portal, fill(store), programme=PROGRAMME, answer_interval=INTERVAL)
        door.service.desk.session(actor=CRM, now=NOW).launch.import_contracts(many)
        assert any(0.25 < how_often_sooner(door) < 0.75 for _ in range(TRIES))


def how_often_sooner(door: Door) -> float:
    """Return how often of two refusals the one for what is not there comes sooner."""
    took: dict[str, list[float]] = {"K-20": [], "K-NONE": []}
    for named in [*took] * ASKED:
        started = perf_counter()
        told = door.ask("GET", f"/contracts/{named}", by="agent", **CALLERS["staff of households"].claims)
        took[named].append(perf_counter() - started)
        assert told.status == HTTPStatus.FORBIDDEN
    return sum(one < other for one in took["K-NONE"] for other in took["K-20"]) / ASKED**2


# ── nothing of others ─────────────────────────────────────────────────────────────────────────────────────────────────

OF_OTHERS: Final = re.compile(r"FIRMA|PENDING1|Frans|\bF-2\d|\bK-2\d|\bK-31|\bLT-2\d|\bB[A-G]\b|\bMB\b")
"""The words that belong to the companies."""
OF_MONA: Final[dict[str, dict[str, Any]]] = {
    "account.list": {"customer": "C-30"},
    "trace.contract": {"contract": "K-30"},
    "trace.show": {"subject": "account:MA"},
}
"""What else is asked about somebody who has an account with the companies too; otherwise her account."""


def words_of(told: HttpAnswer, *, asked_for: object) -> set[str]:
    """Return the words of others in an answer that were given neither by who asks nor with a sign-up."""
    body = told.body.decode().replace('"warned_code":"FIRMA1"', "")
    return set(OF_OTHERS.findall(body)) - set(OF_OTHERS.findall(str(asked_for)))


def test_staff_of_households_are_shown_nothing_of_companies(house: House) -> None:
    who = CALLERS["staff of households"]
    shown = 0
    for name in (endpoint.act for endpoint in ACT_ENDPOINTS):
        assert name is not None
        wires = {param.wire for param in ACTS[name].fields}
        more = OF_MONA.get(name, {"account": "MA"} if "account" in wires else {})
        bodies = [PROPER_ACTS[name], *([PROPER_ACTS[name] | more] if more else [])]
        bodies += [{"subject": "programme"}] if name == "trace.show" else []
        bodies += [{}] if name in {"sign-up.list", "case.list"} else []
        for body in bodies:
            told = house.ask(name, "POST", f"/acts/{name}", body, who)
            shown += told.status == HTTPStatus.OK
            assert words_of(told, asked_for=body) == set(), (name, body)
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            for account in ("A", "MA"):
                path = PROPER[endpoint.name].path.replace("/A", f"/{account}").replace("limit=1", "limit=200")
                told = house.ask(endpoint.act, "GET", path, None, who)
                assert words_of(told, asked_for=path) == set(), path
    assert shown > 40
    (warned,) = house.ask("account.show", "GET", "/accounts/MA", None, who).json()["contracts"]
    assert warned["warnings"] == ["code-unknown", "not-eligible"], "not what she is to the companies"


def test_stuck_grants_are_shown_to_whom_account_and_contract_are_seen_by(house: House) -> None:
    def stuck(**claims: Any) -> list[str]:  # noqa: ANN401 - any JSON
        told = house.door.ask("GET", "/grants/stuck", by="supervisor", **claims)
        return [grant["grant"] for grant in told.json()["items"]]

    assert stuck(segments=["household"]) == ["referee/K-32", "referee/K-8"]
    assert stuck(segments=["micro-business"]) == ["referee/K-22", "referrer/K-22"]
    assert len(stuck()) == 5


def test_the_programmes_chain_shows_the_cases_that_the_auditor_sees(house: House) -> None:
    def cases(**claims: Any) -> list[str]:  # noqa: ANN401 - any JSON
        told = house.door.ask("GET", "/trace?subject=programme&limit=200", by="administrator", **claims)
        return [row["after"]["case"] for row in told.json()["items"]]

    assert cases() == ["LT-7", "LT-8", "LT-20", "LT-21", "LT-21"]
    assert cases(segments=["household"]) == ["LT-7", "LT-8"]
    assert cases(segments=["micro-business"]) == ["LT-20", "LT-21", "LT-21"]


def test_a_distributor_is_shown_their_own_sign_ups_and_nobody_behind_them(house: House) -> None:
    who = CALLERS["a distributor"]
    for path in ("/contracts", "/contracts/K-40", "/contracts/K-41"):
        told = house.ask("sign-up.show", "GET", path, None, who)
        assert told.status == HTTPStatus.OK
        for hidden in ('"A"', "referrer/K-40", "existing-customer", "self-referral", "note of staff", "Liis"):
            assert hidden not in told.body.decode(), (path, hidden)
    shown = house.ask("sign-up.show", "GET", "/contracts/K-41", None, who).json()
    assert (shown["reasons"], shown["contract"]["warned_code"]) == (["not-eligible"], "A123")
    assert [
        grant["grant"] for grant in house.ask("sign-up.show", "GET", "/contracts/K-40", None, who).json()["grants"]
    ] == ["referee/K-40"]


@pytest.mark.rule("P2")
def test_a_distributor_does_not_learn_what_strangers_are_to_the_retailer(house: House) -> None:
    who = CALLERS["a distributor"]
    strangers = ("C-1", "C-4", "C-66", "C-12", "F-24", "F-NONE")
    checks = {
        house.ask(
            "code.check", "POST", "/code-checks", {"code": "A123", "channel": "south", "customer": each}, who
        ).body
        for each in strangers
    }
    assert len(checks) == 1
    for number, customer in enumerate(strangers[:-1]):
        body = {"contract": "K-S", "account": "SS", "customer": customer, "channel": "south", "code": "A123"}
        signed = house.ask("contract.concluded", "POST", "/contracts", body, who).json()
        assert signed["reasons"] == signed["contract"]["warnings"] == ["not-eligible"], customer
        plain = {**body, "contract": f"K-P{number}", "account": f"SP{number}", "code": None}
        house.door.ask("POST", "/contracts", plain, by="agent", **who.claims)
        told = house.ask(
            "code.attach", "POST", f"/contracts/K-P{number}/code", {"code": "A123", "channel": "south"}, who
        )
        assert told.reasons == ["not-eligible"], customer
        assert "existing" not in told.body.decode()


@pytest.mark.rule("P2")
def test_a_distributor_does_not_learn_whose_an_account_is(house: House) -> None:
    who = CALLERS["a distributor"]
    body = {"contract": "K-S", "channel": "south"}
    told = {
        settled(house.ask("contract.concluded", "POST", "/contracts", {**body, **of}, who), *of.values())
        for of in (
            {"account": "A", "customer": "C-1"},
            {"account": "A", "customer": "C-4"},
            {"account": "BA", "customer": "x"},
        )
    }
    assert [status for status, _ in told] == [HTTPStatus.FORBIDDEN]
    own = {**body, "account": "SA", "customer": "C-40"}
    assert house.ask("contract.concluded", "POST", "/contracts", own, who).status == HTTPStatus.CREATED


@pytest.mark.rule("A1")
@pytest.mark.parametrize("by", [None, "customer:C-2"])
def test_customers_and_the_public_learn_the_amounts_of_self_service_alone(house: House, by: str | None) -> None:
    for path in ("/code-checks", "/acts/code.check"):
        if by is None and path != "/code-checks":
            continue
        for channel in ("sales-portal", "north", "distributor/shop7"):
            told = house.door.ask("POST", path, {"code": "A123", "channel": channel}, by=by)
            assert (told.status, told.reasons) == (HTTPStatus.FORBIDDEN, ["not-allowed"])
        plain, named = (
            house.door.ask("POST", path, {"code": "A123", **more}, by=by) for more in ({}, {"channel": "self-service"})
        )
        assert (plain.status, plain.body) == (HTTPStatus.OK, named.body)


@pytest.mark.rule("S6")
def test_a_customer_reads_nothing_that_staff_wrote_about_their_contracts(house: House) -> None:
    """Of Ann, who has a contract with a warning: at every door that shows her account."""
    for path in ("/accounts/SB", "/accounts/SB/code", "/accounts/SB/referrals", "/accounts/SB/movements"):
        told = house.ask("account.show", "GET", path, None, CALLERS["a customer"])
        assert told.status == HTTPStatus.OK
        assert not re.search(r"existing-customer|self-referral|A123", told.body.decode()), path
    staffs = house.door.ask("GET", "/accounts/SB", by="agent").json()["contracts"][0]
    assert (staffs["warned_code"], staffs["warnings"]) == ("A123", ["existing-customer", "self-referral"])
