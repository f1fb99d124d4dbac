"""Sending what is published to whoever asked for it: signed, in order, each event until its receiver has confirmed it.

Needs the extra ``client``, and nothing of a server. Signatures follow the Standard Webhooks scheme; receivers check
them with :func:`verify`, or with any other library of that scheme.
"""

from __future__ import annotations

from referral_adapters.http.pauses import Pauses
from referral_adapters.http.webhooks.deliverer import Deliverer
from referral_adapters.http.webhooks.delivery import OutgoingStore
from referral_adapters.http.webhooks.http_send import HttpSend
from referral_adapters.http.webhooks.pace import Pace
from referral_adapters.http.webhooks.send import Reply, Send, Unanswered
from referral_adapters.http.webhooks.signature import SignatureInvalid, secret_of, sign, verify
from referral_adapters.http.webhooks.standing import Standing, redeliver, resume, standings
from referral_adapters.http.webhooks.turn import Delivered
from referral_adapters.http.webhooks.webhook import Webhook

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
