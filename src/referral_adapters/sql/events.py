"""Events in a database."""

from __future__ import annotations

from typing import Final

import attrs
from sqlalchemy import bindparam, select

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.trace_tables import EVENTS
from referral_adapters.sql.work import Work

_FIND: Final = select(EVENTS.c.digest).where(EVENTS.c.source == bindparam("from"), EVENTS.c.id == bindparam("of"))
_NEW: Final = Insertion(EVENTS)


@attrs.frozen
class SqlEvents:
    """The port ``Events`` in a database, where a key guards one effect for each source and id."""

    work: Work

    def find(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id, if one did."""
        row = self.work.row(_FIND, {"from": source, "of": id})
        return None if row is None else str(row.digest)

    @joined
    def add(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; ``False`` if another was quicker."""
        return _NEW.into(self.work, {"source": source, "id": id, "digest": digest})
