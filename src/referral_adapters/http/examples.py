"""The answers that the OpenAPI document shows as examples, each as the service itself gives it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

ANSWERS: Final[dict[str, Any]] = json.loads(
    files("referral_adapters.http").joinpath("examples.json").read_text("utf-8")
)
"""By the name of the endpoint."""
QR_CODE: Final = '<svg role="img" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 296 296">...</svg>'
