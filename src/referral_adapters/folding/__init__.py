"""The folding of names into ASCII, for codes made of names: one without dependencies, one for any script."""

from __future__ import annotations

from referral_adapters.folding.any_ascii_folding import AnyAsciiFolding
from referral_adapters.folding.ascii_folding import AsciiFolding

__all__ = ["AnyAsciiFolding", "AsciiFolding"]
