"""The issuing of first codes to all accounts, page by page."""

from __future__ import annotations

from datetime import datetime

from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.services.launch import PAGE


class CodeRun:
    """Issues a code to every account that is due one, and counts them; each page is one transaction.

    A run needs no bookmark: accounts that have a code already are passed over. With ``dry`` the run only counts.
    ``most`` limits the codes that it issues, ``None`` does not.
    """

    def __init__(
        self,
        programme: Programme,
        store: Store,
        *,
        at: datetime,
        actor: Actor,
        reason: str | None = None,
        page: int = PAGE,
        most: int | None = None,
        dry: bool = False,
    ) -> None:
        self._launch = ReferralDesk(programme, store).session(actor=actor, now=at).launch
        self._reason = reason
        self._page, self._most, self._dry = page, most, dry
        self._after: str | None = ""
        self.looked_at = self.issued = 0

    @property
    def is_done(self) -> bool:
        """Tell whether every account was looked at, or the limit of codes is reached."""
        return self._after is None or self._left == 0

    def take(self) -> None:
        """Issue the codes of the next page of accounts.

        :raises Refusal: ``not-allowed``, ``reason-missing``.
        :raises CodeSpaceExhausted: more than half of the possible random codes are given out.
        :raises ConcurrentChange: other writers were in the way at every attempt.
        """
        looked_at, issued, self._after = self._looked() if self._dry else self._done()
        self.looked_at += looked_at
        self.issued += issued

    @property
    def _left(self) -> int | None:
        return None if self._most is None else self._most - self.issued

    def _looked(self) -> tuple[int, int, str | None]:
        found = self._launch.due(after=self._after or "", page=self._page)
        return found.looked_at, len(found.accounts[: self._left]), found.after

    def _done(self) -> tuple[int, int, str | None]:
        done = self._launch.issue_codes(after=self._after or "", page=self._page, most=self._left, reason=self._reason)
        return done.looked_at, len(done.codes), done.after
