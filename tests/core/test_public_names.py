"""What ``referral_core`` offers at its root, and when it is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

import referral_core
from referral_core.desk import ReferralDesk


def test_every_name_is_there() -> None:
    assert set(referral_core.__all__) <= set(dir(referral_core))
    for name in referral_core.__all__:
        assert getattr(referral_core, name) is not None
    assert referral_core.ReferralDesk is ReferralDesk


def test_a_name_that_is_not_there_is_missing_as_from_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'referral_core' has no attribute 'nothing'"):
        referral_core.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("ReferralDesk", "desk"),
        ("Session", "session"),
        ("Knowledge", "known_at"),
        ("Messages", "programme.messages"),
        ("timeline_picture", "values.notebook"),
    ],
)
def test_what_takes_a_while_is_imported_when_it_is_first_asked_for(name: str, module: str) -> None:
    script = (
        "import sys, referral_core\n"
        f"assert 'referral_core.{module}' not in sys.modules\n"
        f"assert referral_core.{name} is sys.modules['referral_core.{module}'].{name}\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
