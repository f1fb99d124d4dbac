"""The rehearsal of an import: judged by the store as it is, and by what the file itself would have added to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import attrs

from referral_core.entities.contract import Contract
from referral_core.ports.contracts import ContractRepository, Standing
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme

T = TypeVar("T")


class Rehearsal:
    """A store that is only read: what an import adds is written to a scratch store laid over it.

    Every outcome is that of the import itself, also for what the file holds twice, and the store stays unchanged. The
    scratch store can be thrown away afterwards.
    """

    def __init__(self, store: Store, scratch: Store) -> None:
        self._store = store
        self._scratch = scratch
        self.contracts = _Overlaid(store.contracts, scratch.contracts)
        self.trace = scratch.trace  # takes the rows of an import, which nobody reads

    def begin(self, programme: Programme) -> None:
        """Ignore the programme: the store stays unchanged."""

    def transaction(self) -> AbstractContextManager[object]:
        """Return a transaction of the scratch store."""
        return self._scratch.transaction()

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, str]] | None = None) -> T:
        """Run an act in a transaction of the scratch store."""
        # What is named is locked nowhere: a rehearsal changes nothing that others could be at.
        return self._scratch.run(act)

    def __getattr__(self, part: str) -> Any:  # noqa: ANN401 - any other repository
        return getattr(self._store, part)


@attrs.frozen
class _Overlaid:
    """The contracts of one store, with those of a scratch store laid over them."""

    _below: ContractRepository
    _above: ContractRepository

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        below, above = self._below.standing(contracts, accounts), self._above.standing(contracts, accounts)
        return Standing({**below.contracts, **above.contracts}, {**below.customers, **above.customers})

    def add_all(self, contracts: Sequence[Contract]) -> None:
        self._above.add_all(contracts)

    def __getattr__(self, method: str) -> Any:  # noqa: ANN401 - any other method
        return getattr(self._below, method)
