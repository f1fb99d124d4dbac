"""What an administrator should look at: what is stuck on the way to billing, and what is wrong with the trace."""

from __future__ import annotations

import attrs

from examples.portal.visit import Visit
from referral_core.entities.seal import Verification
from referral_core.services.payouts import Backlog


@attrs.frozen
class Attention:
    """What is counted this moment, and what came of the last verification since the portal was started, if any."""

    backlog: Backlog
    verification: Verification | None

    @classmethod
    def of(cls, visit: Visit) -> Attention:
        """Return what there is to look at."""
        actor = visit.someone().actor
        return cls(
            visit.world.ask(actor).payouts.backlog(),
            last_verification(visit),
        )


def last_verification(visit: Visit) -> Verification | None:
    """Return what came of the last verification of the trace; nothing when the portal has made none yet."""
    found: Verification | None = getattr(visit.request.app.state, "verification", None)
    return found


def keep_verification(visit: Visit, verification: Verification) -> None:
    """Keep what came of verifying the trace until it is verified again, or the portal stopped."""
    visit.request.app.state.verification = verification
