"""The app that the benchmark of the door serves: a database, tokens by a key that everybody knows, no limits."""

from __future__ import annotations

import os
from typing import Final

from fastapi import FastAPI

from referral_adapters.http import CheckLimits, JwtAuthentication, Rate, Service, create_app
from referral_adapters.sql import SqlStore
from referral_core import Programme

KEY: Final = "a key that everybody knows, for measuring only"
URL_VARIABLE: Final = "REFERRAL_BENCH_URL"
_NO_LIMIT: Final = Rate(10**9, 1.0)


def create() -> FastAPI:
    """Return the app over the database that the environment names."""
    programme = Programme.default()
    service = Service(
        programme=programme,
        store=SqlStore(os.environ[URL_VARIABLE], programme),
        authenticate=JwtAuthentication({"": KEY}, algorithms=["HS256"]),
        limits=CheckLimits(_NO_LIMIT, _NO_LIMIT),
    )
    return create_app(service, docs=False)
