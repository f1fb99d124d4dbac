"""``python -m referral_adapters.cli`` is the command ``referral``."""

from __future__ import annotations

from referral_adapters.cli import main

if __name__ == "__main__":
    main()
