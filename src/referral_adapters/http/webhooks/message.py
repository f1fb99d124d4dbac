"""Messages: an event as it goes over the wire."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import attrs

from referral_adapters.http.models.events import PublishedEvent
from referral_adapters.http.webhooks.signature import ID, SIGNATURE, TIMESTAMP, sign
from referral_core.entities.trace import Published

MEDIA_TYPE: Final = "application/cloudevents+json"
_DIGEST: Final = 16


@attrs.frozen
class Message:
    """An event in structured mode, with an id that is the same however often, and by whomever, it is sent."""

    id: str
    body: bytes

    @classmethod
    def of(cls, published: Published, source: str) -> Message:
        """Return the message of a published row; a CloudEvent is told from others by its source and its id."""
        event = PublishedEvent.of(published, source)
        digest = blake2b(f"{event.source}\n{event.id}".encode(), digest_size=_DIGEST).hexdigest()
        return cls(f"msg_{digest}", event.model_dump_json().encode())

    def headers(self, timestamp: int, secrets: tuple[bytes, ...]) -> dict[str, str]:
        """Return the headers to send it with at a time, signed with each secret."""
        return {
            "content-type": MEDIA_TYPE,
            "user-agent": "referral-core",
            ID: self.id,
            TIMESTAMP: str(timestamp),
            SIGNATURE: sign(self.id, timestamp, self.body, secrets),
        }
