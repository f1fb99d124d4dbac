"""Signatures by the Standard Webhooks scheme: who sent an event, that nobody changed it, and when it was sent.

Every message has three headers: ``webhook-id``, the same however often it is sent; ``webhook-timestamp``, when it was
sent, in seconds since 1970; and ``webhook-signature``, one or more of ``v1,`` and the base64 of the HMAC-SHA256 of
``id.timestamp.body``, with blanks between them.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
TOLERANCE: Final = 300.0
"""How many seconds a message may be old, or ahead, where a receiver says nothing else."""
_VERSION: Final = "v1,"
_PREFIX: Final = "whsec_"
_DIGITS: Final = 12
_MOST: Final = 20


class SignatureInvalid(ValueError):
    """A message is not from whom it seems to be, was changed, or is too old: answer it with 401, and do nothing."""


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

    ``body`` is what came over the wire, byte for byte; names of headers may be written in any case. A message that is
    sent again has the id it had: keep the ids, and do nothing for one that is known.

    :raises SignatureInvalid: it was not signed so, or more than ``tolerance`` seconds before or after now.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id_, timestamp, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not id_ or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _DIGITS):
        raise SignatureInvalid("the message has no id or no timestamp")
    expected = sign(id_, int(timestamp), body, secrets).split()
    offered = signatures.split()[:_MOST]
    # Each is compared with each, without an end before, so that the time it takes says nothing of what was right.
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in offered]
    if True not in matches:
        raise SignatureInvalid("no signature is right")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise SignatureInvalid("the message is too old, or from the future")
    return id_


def secret_of(text: str) -> bytes:
    """Return the bytes of a secret in the form ``whsec_`` and base64.

    :raises ValueError: it is not in that form.
    """
    if not text.startswith(_PREFIX):
        raise ValueError(f"a secret begins with {_PREFIX}")
    try:
        return b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"a secret is {_PREFIX} and base64") from None
