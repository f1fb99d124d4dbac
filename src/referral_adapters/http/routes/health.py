"""Health: whether the process answers, and whether its store does."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from referral_adapters.http.asking import Asked
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.answer import Answer


class HealthAnswer(Answer):
    """That all is well."""

    status: str = "ok"


def get_health(asked: Asked) -> Response:
    """Tell that the process answers."""
    return asked.answered(HealthAnswer())


def get_readiness(asked: Asked) -> Response:
    """Tell that the store answers; 503 while it does not."""
    asked.service.store.groups.find(asked.service.programme.referrer_group)
    return asked.answered(HealthAnswer())


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/health", does=get_health, act=None, answer=HealthAnswer, public=True, tag="health"),
    Endpoint(method="GET", path="/ready", does=get_readiness, act=None, answer=HealthAnswer, public=True, tag="health"),
)
