"""Receivers know who sent, that nothing was changed, and that it was sent lately."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.http.webhooks import SignatureInvalid, Webhook, secret_of, sign, verify
from tests.http.webhooks.receiver import OTHER_SECRET, SECRET

BODY = b'{"specversion":"1.0"}'
NOW = 1_772_366_400


def headers(*secrets: bytes, id_: str = "msg_1", at: int = NOW, body: bytes = BODY) -> dict[str, str]:
    return {
        "Webhook-Id": id_,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": sign(id_, at, body, secrets),
    }


@given(body=st.binary(max_size=200), secret=st.binary(min_size=24, max_size=64), late=st.integers(-300, 300))
def test_what_was_signed_is_verified(body: bytes, secret: bytes, late: int) -> None:
    assert verify(body, headers(secret, body=body), [secret], now=NOW + late) == "msg_1"


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_whatever_is_changed_is_noticed(place: int, by: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= by
    with pytest.raises(SignatureInvalid, match="signature"):
        verify(bytes(changed), headers(SECRET), [SECRET], now=NOW)


@pytest.mark.parametrize("late", [-301, 301])
def test_what_is_old_or_from_the_future_is_not_believed(late: int) -> None:
    with pytest.raises(SignatureInvalid, match="too old"):
        verify(BODY, headers(SECRET), [SECRET], now=NOW + late)
    verify(BODY, headers(SECRET), [SECRET], now=NOW + late, tolerance=302)


@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Id": "msg_2"},
        {"Webhook-Id": ""},
        {"Webhook-Timestamp": str(NOW + 1)},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "-1"},
        {"Webhook-Timestamp": "9" * 13},
        {"Webhook-Timestamp": "١٢٣"},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v1,ä"},
        {"Webhook-Signature": "v2," + sign("msg_1", NOW, BODY, [SECRET]).removeprefix("v1,")},
    ],
)
def test_every_header_counts(changed: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(BODY, headers(SECRET) | changed, [SECRET], now=NOW)
    with pytest.raises(SignatureInvalid):
        verify(BODY, {}, [SECRET], now=NOW)


def test_a_receiver_goes_over_to_a_new_secret() -> None:
    both = headers(SECRET, OTHER_SECRET)
    for known in ([SECRET], [OTHER_SECRET], [OTHER_SECRET, SECRET]):
        assert verify(BODY, both, known, now=NOW) == "msg_1"
    with pytest.raises(SignatureInvalid):
        verify(BODY, headers(SECRET), [OTHER_SECRET], now=NOW)


def test_a_message_signed_by_nobody_is_believed_by_nobody() -> None:
    with pytest.raises(SignatureInvalid):
        verify(BODY, headers(), [SECRET], now=NOW)
    with pytest.raises(SignatureInvalid):
        verify(BODY, headers(SECRET), [], now=NOW)


def test_the_present_moment_is_taken_where_none_is_given() -> None:
    with pytest.raises(SignatureInvalid, match="too old"):
        verify(BODY, headers(SECRET, at=1), [SECRET])


@pytest.mark.parametrize("text", ["MfKQ9r8G", "whsec_%", "whsec_ä"])
def test_a_secret_has_its_form(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        secret_of(text)
    assert secret_of("whsec_" + b64encode(SECRET).decode()) == SECRET


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/events?of=us",
        "https://crm.example:8443",
        "http://localhost:8000/",
        "http://127.0.0.1",
        "http://[::1]:80/",
    ],
)
def test_events_go_where_nobody_listens_in(url: str) -> None:
    assert Webhook("crm", url, (SECRET,)).url == url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://crm.example/", "not https"),
        ("http://10.0.0.1/", "not https"),
        ("ftp://crm.example/", "not https"),
        ("crm.example", "none"),
        ("https://", "none"),
        ("https://crm.example/a b", "none"),
        ("https://crm.example\r\nX: y", "none"),
        ("https://crm.example:99999/", "none"),
        ("https://[::1/", "none"),
        ("https://u:p@crm.example/", "password"),
        ("https://crm.example/#here", "fragment"),
    ],
)
def test_other_urls_are_not_sent_to(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Webhook("crm", url, (SECRET,))


def test_a_host_may_say_that_its_network_is_safe() -> None:
    assert Webhook("crm", "http://crm.internal/", (SECRET,), insecure=True).insecure


def test_every_fault_is_told_at_once_and_no_secret_is() -> None:
    with pytest.raises(ValueError, match="name has 1 to") as caught:
        Webhook("", "http://crm.example/", (b"short",), after=-1)
    assert all(fault in str(caught.value) for fault in ("not https", "24 bytes", "0 or above"))
    assert "short" not in repr(Webhook("crm", "https://crm.example/", (SECRET,)))
    with pytest.raises(ValueError, match="at least one secret"):
        Webhook("crm", "https://crm.example/", ())
