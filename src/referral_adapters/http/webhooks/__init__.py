"""Webhooks: published events are sent to their receivers, signed, in order, each until its receiver confirms it.

Needs the extra ``client``, and nothing of a server. Signatures follow the Standard Webhooks scheme; receivers check
them with :func:`verify`, or with any other library of that scheme.
"""

from __future__ import annotations

from referral_adapters.http.retry import Pauses
from referral_adapters.http.webhooks.delivery import Delivered, Deliverer, OutgoingStore
from referral_adapters.http.webhooks.message import SignatureInvalid, secret_of, sign, verify
from referral_adapters.http.webhooks.transport import HttpSend, Reply, Send, Unanswered
from referral_adapters.http.webhooks.webhook import Pace, Standing, Webhook, redeliver, resume, standings

__all__ = [
    "Delivered",
    "Deliverer",
    "HttpSend",
    "OutgoingStore",
    "Pace",
    "Pauses",
    "Reply",
    "Send",
    "SignatureInvalid",
    "Standing",
    "Unanswered",
    "Webhook",
    "redeliver",
    "resume",
    "secret_of",
    "sign",
    "standings",
    "verify",
]
