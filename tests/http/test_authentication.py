"""Bearer tokens: only those that our keys have signed, that have not expired, and that say what can be (A1)."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import cache
from typing import Any, Final, Self

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from referral_adapters.http import Caller, JwtAuthentication, NotAuthenticated
from referral_core.entities.actor import Actor, Role
from tests.http.conftest import Opening
from tests.http.door import KEY, Door, token

pytestmark = pytest.mark.rule("A1")
LIIS: Final = Caller(Actor("Liis", Role.ADMINISTRATOR))


def carrying(*authorizations: str) -> Request:
    """Return a request with these Authorization headers."""
    headers = [(b"authorization", each.encode("latin-1")) for each in authorizations]
    return Request({"type": "http", "headers": headers})


def read(authentication: JwtAuthentication, said: str) -> Caller | None:
    return authentication(carrying(f"Bearer {said}"))


def ours(**more: Any) -> JwtAuthentication:  # noqa: ANN401 - whatever it takes
    return JwtAuthentication({"": KEY}, algorithms=["HS256"], **more)


def refused(authentication: JwtAuthentication, *authorizations: str) -> NotAuthenticated:
    with pytest.raises(NotAuthenticated) as caught:
        authentication(carrying(*authorizations))
    return caught.value


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


# ── what holds ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_says_who_asks_in_which_role_and_for_what() -> None:
    said = token("agent", "Anu", segments=["household"], accounts=["A", "B"])
    expected = Caller(Actor("Anu", Role.AGENT, frozenset({"household"})), frozenset({"A", "B"}))
    assert read(ours(), said) == expected
    partner = Caller(Actor("Partner", Role.AGENT, channels=frozenset({"north"})))
    assert read(ours(), token("agent", "Partner", channels=["north"])) == partner
    assert read(ours(), token("administrator", "Liis")) == LIIS


def test_a_request_without_a_token_says_nothing() -> None:
    assert ours()(carrying()) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(scheme: str) -> None:
    assert ours()(carrying(f"{scheme} {token('administrator', 'Liis')}")) == LIIS


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", rsa_key), ("PS256", rsa_key), ("ES256", ec_key)])
def test_keys_of_pairs_are_found_by_their_id(algorithm: str, key: Any) -> None:  # noqa: ANN401
    keys = {"old": public_pem(rsa_key()), "new": public_pem(key()), "other": public_pem(ec_key())}
    authentication = JwtAuthentication(keys, algorithms=["RS256", "PS256", "ES256"])
    claims = {"sub": "Liis", "role": "administrator", "exp": time.time() + 60}
    said = jwt.encode(claims, key(), algorithm=algorithm, headers={"kid": "new"})
    assert read(authentication, said) == LIIS
    strange = jwt.encode(claims, key(), algorithm=algorithm, headers={"kid": "strange"})
    assert refused(authentication, f"Bearer {strange}").error == "invalid_token"
    nameless = jwt.encode(claims, key(), algorithm=algorithm)
    assert refused(authentication, f"Bearer {nameless}").error == "invalid_token"


@pytest.mark.parametrize("keys", [{}, {"": KEY}])
@pytest.mark.parametrize("algorithms", [[], ["none"], ["HS256", "None"]])
def test_it_is_not_set_up_to_believe_everybody(keys: dict[str, str], algorithms: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one key"):
        JwtAuthentication(keys, algorithms=algorithms)


# ── what does not ─────────────────────────────────────────────────────────────────────────────────────────────────────


def parts(*pieces: object) -> str:
    """Return a token of a header and claims, without its signature."""
    return ".".join(base64.urlsafe_b64encode(json.dumps(piece).encode()).decode().rstrip("=") for piece in pieces)


CLAIMS: Final = {"sub": "Liis", "role": "administrator", "exp": 4_000_000_000}


def forgeries() -> Iterable[tuple[str, str]]:
    proper = token("administrator", "Liis")
    head, claims, signature = proper.split(".")
    yield (
        "another key",
        token("administrator", "Liis", key=KEY.swapcase()),
    )
    yield "cut signature", f"{head}.{claims}.{signature[:-4]}"
    yield "no signature", f"{head}.{claims}."
    yield "claims exchanged", f"{head}.{parts(CLAIMS)}.{signature}"
    for name in ("none", "None", "NONE", "nOnE", ""):
        yield f"algorithm {name!r}", parts({"alg": name, "typ": "JWT"}, CLAIMS) + "."
    yield "another algorithm", token("administrator", "Liis", algorithm="HS512")
    yield "no algorithm", parts({"typ": "JWT"}, CLAIMS) + "."
    yield "no header", ".".join(["", claims, signature])
    yield "a list as header", parts([], CLAIMS) + f".{signature}"
    yield "a list as kid", parts({"alg": "HS256", "kid": ["x"]}, CLAIMS) + f".{signature}"
    yield "a key in the header", parts({"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}}, CLAIMS) + f".{signature}"
    yield "critical extension", jwt.encode(CLAIMS, KEY, algorithm="HS256", headers={"crit": ["x"], "x": 1})
    yield "words", "not a token"
    yield "dots", "....."
    yield "letters that tokens have not", "žž.žž.žž".encode().decode("latin-1")
    yield "nothing", ""
    yield "claims nested deep", parts({"alg": "HS256"}) + "." + base64.urlsafe_b64encode(b"[" * 5_000).decode() + ".x"
    yield "a giant", token("administrator", "Liis", padding="x" * 100_000)


FORGED: Final = dict(forgeries())


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_our_key_has_not_signed_does_not_hold(forged: str) -> None:
    assert refused(ours(), f"Bearer {forged}").error in {"invalid_token", "invalid_request"}


def test_a_public_key_is_not_taken_for_a_secret() -> None:
    """Whoever has the public key, which is everybody, might sign with it as if it were a secret (HS256)."""
    secret = public_pem(rsa_key())
    unsigned = parts({"alg": "HS256", "typ": "JWT"}, CLAIMS)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, unsigned.encode(), "sha256")).decode().rstrip("=")
    for algorithms in (["RS256"], ["RS256", "HS256"]):
        authentication = JwtAuthentication({"": secret}, algorithms=algorithms)
        assert refused(authentication, f"Bearer {unsigned}.{signature}").error == "invalid_token"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None}, {"exp": "soon"}, {"exp": [1]}, {"exp": 10**400}, {"exp": float("inf")}, {"exp": float("nan")},
        {"exp": -1}, {"nbf": 4_000_000_000}, {"iat": 4_000_000_000}, {"nbf": "x"},
        {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": ["Liis"]}, {"sub": "x" * 201}, {"sub": "a\nb"}, {"sub": "\0"},
        {"role": None}, {"role": "root"}, {"role": "ADMINISTRATOR"}, {"role": 4}, {"role": ["administrator"]},
        {"role": {"administrator": 1}}, {"segments": "household"}, {"segments": [1]}, {"segments": {"household": 1}},
        {"segments": True}, {"accounts": "A"}, {"accounts": [["A"]]}, {"accounts": 0}, {"accounts": ""},
        {"channels": "north"}, {"channels": [7]},
    ],
    ids=repr,
)  # fmt: skip
def test_a_claim_that_cannot_be_is_refused_though_it_is_signed(claims: dict[str, Any]) -> None:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    signed = jwt.api_jws.encode(json.dumps(said).encode(), KEY, algorithm="HS256")
    assert refused(ours(), f"Bearer {signed}").error == "invalid_token"


def test_issuer_and_audience_are_asked_for_where_they_are_given() -> None:
    authentication = ours(issuer="https://id.example.com", audience="referral")
    proper: dict[str, Any] = {"iss": "https://id.example.com", "aud": ["referral", "portal"]}
    assert read(authentication, token("administrator", "Liis", **proper)) == LIIS
    wrongs: list[dict[str, Any]] = [
        {"iss": "https://id.example.org"},
        {"aud": "portal"},
        {"iss": None},
        {"aud": None},
        {"aud": 7},
    ]
    for wrong in wrongs:
        said = token("administrator", "Liis", **{**proper, **wrong})
        assert refused(authentication, f"Bearer {said}").error == "invalid_token"
    assert read(ours(), token("administrator", "Liis", aud="anybody")) == LIIS


@pytest.mark.parametrize("said", ["Bearer", "Bearer ", "Basic Zm9vOmJhcg==", "Digest x", "{token}", "BearerX {token}"])
def test_it_is_one_bearer_token_or_none_that_is_asked_for(said: str) -> None:
    proper = token("administrator", "Liis")
    assert refused(ours(), said.format(token=proper)).error == "invalid_request"
    assert refused(ours(), f"Bearer {proper}", f"Bearer {proper}").error == "invalid_request"


def test_the_door_says_what_is_wrong_as_the_standard_has_it(in_memory: Door) -> None:
    for said, error in (("Bearer x.y.z", "invalid_token"), ("Basic eA==", "invalid_request")):
        told = in_memory.ask("GET", "/groups", by=None, headers={"Authorization": said})
        assert (told.status, told.kind) == (401, "not-authenticated")
        assert told.headers["www-authenticate"] == f'Bearer error="{error}"'


def test_a_token_that_does_not_hold_is_not_taken_for_the_public(in_memory: Door) -> None:
    told = in_memory.ask("POST", "/code-checks", {"code": "A123"}, by=None, headers={"Authorization": "Bearer x"})
    assert told.status == 401


# ── time, and what is remembered ──────────────────────────────────────────────────────────────────────────────────────

ISSUED: Final = 1_800_000_000
LIVES: Final = 60


class Later:
    """The clocks of the library and of the one that reads tokens, both showing the same."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = float(ISSUED)
        shown = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(shown.now, tz)

        patch.setattr("jwt.api_jwt.datetime", Shown)
        patch.setattr("referral_adapters.http.authentication.time", lambda: self.now)


@given(
    asked=st.lists(st.floats(0, 2 * LIVES, allow_nan=False), min_size=1, max_size=6).map(sorted),
    leeway=st.sampled_from([0.0, 10.0, 30.0]),
)
def test_a_token_holds_until_it_expires_remembered_or_not(asked: list[float], leeway: float) -> None:
    """It does so as if it were read anew every time: up to ``exp`` and the leeway, not a moment longer."""
    said = token("administrator", "Liis", exp=ISSUED + LIVES)
    with pytest.MonkeyPatch.context() as patch:
        clocks, authentication = Later(patch), ours(leeway=leeway)
        for seconds in asked:
            clocks.now = ISSUED + seconds
            if seconds - leeway < LIVES:
                assert read(authentication, said) == LIIS
            else:
                assert refused(authentication, f"Bearer {said}").error == "invalid_token"


def test_a_signature_is_computed_once_for_a_token_that_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    said, authentication = token("administrator", "Liis"), ours()
    assert read(authentication, said) == LIIS
    monkeypatch.setattr("jwt.decode", lambda *_, **__: pytest.fail("read again"))
    assert read(authentication, said) == LIIS


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referral_adapters.http.authentication._KEPT", 3)
    authentication = ours()
    for number in range(10):
        assert read(authentication, token("agent", f"agent {number}")) is not None
    assert len(authentication._known) == 3


def test_a_host_may_say_by_itself_who_asks(opening: Opening) -> None:
    door = opening(authenticate=lambda request: LIIS if request.cookies.get("session") == "s1" else None)
    assert door.ask("GET", "/groups", by=None, headers={"Cookie": "session=s1"}).status == 200
    assert door.ask("GET", "/groups", by=None, headers={"Cookie": "session=s2"}).status == 401


@pytest.mark.parametrize(
    ("keys", "algorithms", "needed"),
    [
        ({"": "k"}, ["HS256"], 32),
        ({"": b"x" * 31}, ["HS256"], 32),
        ({"old": "x" * 64, "new": "x" * 47}, ["RS256", "HS384"], 48),
        ({"": jwt.PyJWK.from_dict({"kty": "oct", "k": "eA", "alg": "HS512"})}, ["HS512"], 64),
    ],
)
def test_a_secret_that_can_be_found_by_trying_is_refused_at_the_start(
    keys: dict[str, Any], algorithms: list[str], needed: int
) -> None:
    with pytest.raises(ValueError, match=f"at least {needed} are needed") as refused:
        JwtAuthentication(keys, algorithms=algorithms)
    assert "xxx" not in str(refused.value)


def test_a_secret_as_long_as_its_digest_is_taken() -> None:
    JwtAuthentication({"": b"x" * 32, "other": "x" * 32}, algorithms=["HS256"])
