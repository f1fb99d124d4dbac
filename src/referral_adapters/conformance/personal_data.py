"""The tests of every store's personal data and their erasure."""

from __future__ import annotations

import json
from typing import Final

import attrs

from referral_adapters.conformance.race import Race
from referral_adapters.conformance.samples import case, contract, day, note, referral
from referral_adapters.conformance.seals import faults
from referral_adapters.conformance.store import Store, everything, furnish
from referral_core.entities.actor import Actor, Role
from referral_core.entities.case import CaseStatus
from referral_core.entities.personal_data import PSEUDONYM, PersonalData
from referral_core.entities.referral import FeeNote
from referral_core.entities.trace import PROGRAMME_SUBJECT, TraceEntry, TraceNote, account_subject
from referral_core.ports.requests import asker_of
from referral_core.values.money import Money

LEAST_RANDOMNESS: Final = 16
NO_DATA: Final = PersonalData(
    accounts=(), first_names=(), open_cases=(), contracts=0, codes=0, referrals=0, cases=0, traced=0
)
MARI: Final = Actor("Mari", Role.SUPERVISOR)


def add_row(store: Store, subject: str, by: Actor, reason: str | None = None) -> None:
    """Add a row to the chain of a subject."""
    store.trace.append(TraceNote(subject, day(0), "code.end", by, None, {"code": "A123"}, reason))


def add_answer(store: Store, text: str) -> None:
    """Store an answer under a key with the same text."""
    store.requests.claim("portal", text, "digest", at=day(0))
    store.requests.fill("portal", text, text)


def rows(store: Store, account: str) -> list[TraceEntry]:
    """Return the rows about an account."""
    return list(store.trace.chain(account_subject(account)))


class PersonalDataConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`."""

    def test_nothing_is_held_about_a_stranger(self, store: Store) -> None:
        """``personal_data`` of an unknown customer is empty."""
        assert store.personal_data("C1") == NO_DATA
        furnish(store)
        assert store.personal_data("C9") == store.personal_data("") == store.personal_data("c1") == NO_DATA

    def test_what_is_held_is_found(self, store: Store) -> None:
        """``personal_data`` names accounts, first names and open cases, in order, and counts the rest."""
        for named, on, called in (("K9", "A9", "Õie"), ("K2", "A10", None), ("K3", "A9", "Ann")):
            store.contracts.put(attrs.evolve(contract(named, on=on, of="C7"), first_name=called))
        for named in ("S3", "S10"):
            store.cases.open(case(named, of="C7"))
        store.cases.open(case("S4", of="C7"))
        store.cases.close(attrs.evolve(case("S4", of="C7"), status=CaseStatus.ABANDONED))
        store.referrals.add(referral("K9", referee="A9", of="C7"), at=day(0))
        store.trace.append(note("A9"))
        add_row(store, account_subject("A10"), Actor("C7"))
        add_row(store, account_subject("A10"), Actor.system("portal"))
        assert store.personal_data("C7") == PersonalData(
            accounts=("A10", "A9"),
            first_names=("Ann", "Õie"),
            open_cases=("S10", "S3"),
            contracts=3,
            codes=0,
            referrals=1,
            cases=3,
            traced=2,
        )
        assert store.personal_data("C1").referrals == 1

    def test_a_pseudonym_takes_the_customers_place(self, store: Store) -> None:
        """``erase`` replaces the id by a pseudonym on accounts, contracts, codes, referrals and cases (A5)."""
        furnish(store)
        named = attrs.evolve(contract("K8", of="C1"), first_name="Ann", warned_code="ann?")
        store.contracts.put(named)
        store.cases.open(case("S9", of="C1"))
        codes = store.promo_codes.of_account("A1")
        pseudonym = store.erase("C1")
        assert pseudonym.startswith(PSEUDONYM)
        assert len(pseudonym) >= len(PSEUDONYM) + LEAST_RANDOMNESS
        assert store.personal_data("C1") == NO_DATA
        assert list(store.contracts.accounts()) == [("A1", pseudonym), ("A2", "C2")]
        assert store.contracts.of_customer("C1") == ()
        erased = attrs.evolve(named, customer=pseudonym, first_name=None, warned_code=None)
        assert store.contracts.of_customer(pseudonym)[-1] == store.contracts.find("K8") == erased
        assert store.promo_codes.of_account("A1") == tuple(attrs.evolve(code, customer=pseudonym) for code in codes)
        assert [case.customer for case in store.cases.all()] == ["C2", pseudonym]
        (found,) = store.referrals.all()
        assert (found.referrer_customer, found.referee_customer) == (pseudonym, "C2")

    def test_a_referee_stays_referred(self, store: Store) -> None:
        """The live referral of an erased customer belongs to the pseudonym, and the id has none (S4)."""
        furnish(store)
        pseudonym = store.erase("C2")
        assert store.referrals.live_of("C2") == ()
        (found,) = store.referrals.live_of(pseudonym)
        assert (found.contract, found.referee_customer, found.referrer_customer) == ("K2", pseudonym, "C1")

    def test_everybody_else_stays(self, store: Store) -> None:
        """``erase`` changes nothing of other customers, and nothing at all for an unknown id."""
        furnish(store)
        before = everything(store)
        store.erase("C9")
        store.erase("C")
        assert everything(store) == before

    def test_pseudonyms_are_fresh(self, store: Store) -> None:
        """Every erasure has a pseudonym of its own, which does not follow from the id."""
        assert len({store.erase(customer) for customer in ("C1", "C1", "C2")}) == len("112")

    def test_free_words_about_the_customers_accounts_go(self, store: Store) -> None:
        """Rows of the customer's accounts with a reason lose reason, actor and salt; rows without one stay (A5)."""
        store.contracts.put(contract(of="C7"))
        add_row(store, account_subject("A1"), MARI, "he called")
        add_row(store, account_subject("A1"), MARI)
        add_row(store, account_subject("A1"), Actor("C7"))
        add_row(store, account_subject("A1x"), MARI, "he called")
        before, other = rows(store, "A1"), rows(store, "A1x")
        store.erase("C7")
        assert rows(store, "A1") == [before[0].erased(), before[1], before[2].erased()]
        assert rows(store, "A1x") == other

    def test_words_elsewhere_go_that_name_the_customer(self, store: Store) -> None:
        """Rows elsewhere lose their reason if it has the id in it as a word, in any case; no others do."""
        store.contracts.put(contract(of="C-7õ"))
        reasons = ["for C-7õ", "c-7Õ, again", "C-7õx", "XC-7õ", "C_7õ", "%", None]
        for reason in reasons:
            add_row(store, account_subject("A2"), MARI, reason)
        add_row(store, "group:referrer", MARI, "as (C-7õ) asked")
        before = rows(store, "A2")
        assert store.personal_data("C-7õ").traced == len(["for C-7õ", "c-7Õ, again", "as (C-7õ) asked"])
        store.erase("C-7õ")
        assert rows(store, "A2") == [before[0].erased(), before[1].erased(), *before[2:]]
        assert [row.is_erased for row in store.trace.chain("group:referrer")] == [True]

    def test_the_customer_goes_as_an_actor_but_not_somebody_of_the_staff(self, store: Store) -> None:
        """Rows elsewhere lose the customer as an actor or behind a system; staff with the same id stay."""
        store.contracts.put(contract(of="C7"))
        for role in Role:
            add_row(store, PROGRAMME_SUBJECT, Actor("C7", role))
            add_row(store, account_subject("A1"), Actor("C7", role))
        store.erase("C7")
        staying = {row.role for row in store.trace.chain(PROGRAMME_SUBJECT) if not row.is_erased}
        assert staying == {Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR}
        assert {row.actor for row in rows(store, "A1")} == {None}

    def test_the_owners_digest_says_nothing_any_more(self, store: Store) -> None:
        """Rows of the customer's accounts lose the salt of the owner's digest, also without a reason; others stay."""
        store.contracts.put(contract(of="C7"))
        for account, owner in (("A1", "C7"), ("A2", "C8")):
            noted = TraceNote(account_subject(account), day(1), "code.issue", MARI, stored={}, owner=owner)
            store.trace.append(noted)
        before = rows(store, "A1"), rows(store, "A2")
        assert all(row.owner_salt for each in before for row in each)
        store.erase("C7")
        assert rows(store, "A1") == [row.without_owner() for row in before[0]]
        assert rows(store, "A2") == before[1]

    def test_fee_notes_lose_their_words(self, store: Store) -> None:
        """Fee notes on the customer's contracts lose their reason and the customer's id; amounts stay (B8)."""
        furnish(store)
        notes = (
            FeeNote(Money("3"), "he moved", day(1), "C2"),
            FeeNote(Money("4"), None, day(2), "Mari"),
        )
        (found,) = store.referrals.all()
        store.referrals.replace(attrs.evolve(found, fee_notes=notes), at=day(2))
        pseudonym = store.erase("C2")
        (found,) = store.referrals.all()
        assert found.fee_notes == (FeeNote(Money("3"), None, day(1), pseudonym), notes[1])

    def test_answers_to_and_about_the_customer_go(self, store: Store) -> None:
        """``erase`` removes answers to the customer, and answers with the id as a text of their JSON; no others."""
        staying = ['{"of":"c7"}', '{"of":"C77"}', '{"of":"õ-7"}', '{"of":"a"}', "[C7]", "{}"]
        for text in staying:
            add_answer(store, text)
        for customer in ("C7", "Õ-7", 'a"7'):
            going = {json.dumps(customer), json.dumps(customer, ensure_ascii=False)}
            for text in going:
                add_answer(store, f'{{"of":{text}}}')
            asker = asker_of(Role.CUSTOMER, customer)
            store.requests.claim(asker, "k1", "digest", at=day(0))
            store.erase(customer)
            assert store.requests.answer(asker, "k1") is None
            assert [store.requests.answer("portal", f'{{"of":{text}}}') for text in going] == [None] * len(going)
        assert None not in [store.requests.answer("portal", text) for text in staying]

    def test_answers_with_words_about_the_customer_go(self, store: Store) -> None:
        """``erase`` removes answers that name an account, contract, code or case of the customer, or say their id."""
        furnish(store)
        store.cases.open(case("S7", of="C1"))
        code = store.promo_codes.of_account("A1")[0].text
        going = [f'{{"of":"{thing}","why":"moves"}}' for thing in ("A1", "K1", code, "S7")] + ['{"why":"As c1, said."}']
        staying = ['{"of":"A11","why":"moves"}', '{"of":"A2"}', '{"why":"As C11 said."}']
        for text in (*going, *staying):
            add_answer(store, text)
        store.erase("C1")
        found = [store.requests.answer("portal", text) is None for text in (*going, *staying)]
        assert found == [True] * len(going) + [False] * len(staying)

    def test_the_trace_still_verifies(self, store: Store) -> None:
        """Chains and seals verify after an erasure as before, and new rows and seals follow (A2, A5)."""
        furnish(store)
        hashes = [row.hash for row in store.trace.chain()]
        assert faults(store) == ()
        store.erase("C1")
        store.erase("C2")
        assert [row.hash for row in store.trace.chain()] == hashes
        add_row(store, account_subject("A1"), MARI, "later")
        assert store.trace.seal(day(9))
        assert faults(store) == ()

    def test_those_who_erase_at_once_leave_one_pseudonym(self, store: Store) -> None:
        """Racing erasures of one customer leave one pseudonym everywhere."""
        furnish(store)
        Race(lambda _: store.erase("C2"))
        (found,) = store.referrals.all()
        owners = {customer for _, customer in store.contracts.accounts()}
        assert owners == {"C1", found.referee_customer}
        assert {each.customer for account in ("A1", "A2") for each in store.contracts.of_account(account)} == owners
        assert store.referrals.live_of(found.referee_customer) == (found,)
        assert store.personal_data("C2") == NO_DATA
