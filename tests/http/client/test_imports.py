"""The client stands on httpx and pydantic alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

import referral_adapters.http

SERVER = ("fastapi", "starlette", "uvicorn", "jwt", "segno", "sqlalchemy")


@pytest.mark.parametrize("package", ["client", "webhooks"])
def test_no_server_is_imported(package: str) -> None:
    asked = f"import sys, referral_adapters.http.{package}; print([name for name in {SERVER!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_server_is_there() -> None:
    for name in referral_adapters.http.__all__:
        assert getattr(referral_adapters.http, name).__name__ == name
    assert sorted(referral_adapters.http._MODULES) == referral_adapters.http.__all__
    with pytest.raises(AttributeError, match="nonsense"):
        referral_adapters.http.nonsense  # noqa: B018
