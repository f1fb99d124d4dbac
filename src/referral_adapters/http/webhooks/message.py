"""Messages: events as they are sent, signed by the Standard Webhooks scheme.

A signature proves who sent a message, that nobody changed it, and when it was sent. Every message has three headers:
``webhook-id``, the same however often it is sent; ``webhook-timestamp``, the moment of sending in seconds since 1970;
and ``webhook-signature``, one or more of ``v1,`` and the base64 of the HMAC-SHA256 of ``id.timestamp.body``, with
blanks between them.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

import attrs

from referral_adapters.http.models.events import PublishedEvent
from referral_core.entities.trace import Published

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
TOLERANCE: Final = 300.0
"""The seconds by which a message may be old, or ahead, unless its receiver says otherwise."""
_VERSION: Final = "v1,"
_PREFIX: Final = "whsec_"
_DIGITS: Final = 12
_MOST: Final = 20
MEDIA_TYPE: Final = "application/cloudevents+json"
_DIGEST: Final = 16


@attrs.frozen
class Message:
    """An event in structured mode, with an id that is the same however often, and by whatever process, it is sent."""

    id: str
    body: bytes

    @classmethod
    def of(cls, published: Published, source: str) -> Message:
        """Return the message of a published row; source and id together identify a CloudEvent."""
        event = PublishedEvent.of(published, source)
        digest = blake2b(f"{event.source}\n{event.id}".encode(), digest_size=_DIGEST).hexdigest()
        return cls(f"msg_{digest}", event.model_dump_json().encode())

    def headers(self, timestamp: int, secrets: tuple[bytes, ...]) -> dict[str, str]:
        """Return the headers of the message for a moment of sending, signed with each secret."""
        return {
            "content-type": MEDIA_TYPE,
            "user-agent": "referral-core",
            ID: self.id,
            TIMESTAMP: str(timestamp),
            SIGNATURE: sign(self.id, timestamp, self.body, secrets),
        }


class SignatureInvalid(ValueError):
    """A message has no valid signature, or is too old: answer it with 401, and do nothing."""


def sign(id_: str, timestamp: int, body: bytes, secrets: Sequence[bytes]) -> str:
    """Return the header ``webhook-signature`` of a message, with one signature for each secret.

    >>> secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    content = b".".join([id_.encode(), str(timestamp).encode(), body])
    return " ".join(_VERSION + b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[bytes],
    *,
    now: float | None = None,
    tolerance: float = TOLERANCE,
) -> str:
    """Return the id of a message that was signed with one of the secrets, and lately; ``now`` is in seconds since 1970.

    ``body`` are the bytes that came over the wire; names of headers may be written in any case. A message that is sent
    again keeps its id: keep the ids, and do nothing for a known one.

    :raises SignatureInvalid: no signature is right, or the message is more than ``tolerance`` seconds away from now.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id_, timestamp, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not id_ or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _DIGITS):
        raise SignatureInvalid("the message has no id or no timestamp")
    expected = sign(id_, int(timestamp), body, secrets).split()
    offered = signatures.split()[:_MOST]
    # Every signature is compared with every other, without an early end: the time must not tell which one was right.
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in offered]
    if True not in matches:
        raise SignatureInvalid("no signature is right")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise SignatureInvalid("the message is too old, or from the future")
    return id_


def secret_of(text: str) -> bytes:
    """Return the bytes of a secret in the form ``whsec_`` and base64.

    :raises ValueError: the text is not in that form.
    """
    if not text.startswith(_PREFIX):
        raise ValueError(f"a secret begins with {_PREFIX}")
    try:
        return b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"a secret is {_PREFIX} and base64") from None
