"""The app that the benchmark of the door serves: a database, tokens by a key that everybody knows, no limits."""

from __future__ import annotations

import gc
import os
from datetime import timedelta
from typing import Final

from fastapi import FastAPI

from referral_adapters.http import JwtAuthentication, Service, create_app
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.programme.settings import Checking

KEY: Final = "a key that everybody knows, for measuring only"
URL_VARIABLE: Final = "REFERRAL_BENCH_URL"
_PLENTY: Final = Checking(per_caller=10**6, per_address=10**6, within=timedelta(seconds=1))


def create() -> FastAPI:
    """Return the app over the database that the environment names."""
    programme = Programme(checking=_PLENTY)
    service = Service(
        programme=programme,
        store=SqlStore(os.environ[URL_VARIABLE], programme),
        authenticate=JwtAuthentication({"": KEY}, algorithms=["HS256"]),
    )
    app = create_app(service, docs=False)
    gc.collect()
    gc.freeze()  # as the guide to answering over HTTP advises
    return app
