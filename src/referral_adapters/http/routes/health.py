"""Health: whether the process answers, and whether its store does."""

from __future__ import annotations

from collections.abc import Callable
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


def _endpoint(path: str, name: str, by_hand: Callable[..., Response]) -> Endpoint:
    return Endpoint(
        method="GET", path=path, name=name, tag="health", act=None, by_hand=by_hand, answer=HealthAnswer, public=True
    )


ENDPOINTS: Final = (
    _endpoint("/health", "get-health", get_health),
    _endpoint("/ready", "get-readiness", get_readiness),
)
