"""Accounts that never held a code, as the launch run finds them (C2)."""

from __future__ import annotations

import attrs

Supply = tuple[str, str]
"""What a contract supplies and to whom: its product and its segment."""


@attrs.frozen
class CodelessAccount:
    """An account that never held a code.

    ``supplies`` are those of its contracts in force; ``first_name`` is the one that the last of all its contracts
    gave, for codes made of names (C10).
    """

    account: str
    customer: str
    supplies: tuple[Supply, ...]
    first_name: str | None = None


@attrs.frozen
class CodelessPage:
    """What was found among some accounts that follow each other in order of id.

    ``looked_at`` counts them, whether found or not; ``after`` is the last one, from which the next page goes on, or
    ``None`` when there are no more.
    """

    accounts: tuple[CodelessAccount, ...]
    looked_at: int
    after: str | None
