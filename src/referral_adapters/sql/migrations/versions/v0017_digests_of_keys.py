"""Keys of requests, of transfers and of events are kept as digests: they are words of hosts, and may name a person."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from alembic import op

revision = "0017"
down_revision = "0016"

_BY_HOSTS: Final = "coalesce({place}(key, 'Z ' || source || ' ' || target || ' '), 0) = 0"
"""The condition of transfers under a key of a host's; others are under their own moment, accounts and amount."""
_KEYS: Final = (
    ("answers", "key", "1 = 1"),
    ("events", "id", "1 = 1"),
    # A transfer's movements are found by its key.
    (
        "discount_movements",
        "reference",
        f"kind IN ('transferred_in', 'transferred_out') AND reference IN (SELECT key FROM transfers WHERE {_BY_HOSTS})",
    ),
    ("transfers", "key", _BY_HOSTS),
)


def upgrade() -> None:
    """Put a digest in the place of every key, so that each is found by the same words as before."""
    connection = op.get_bind()
    place, digest = "strpos", "encode(sha256(convert_to({column}, 'UTF8')), 'hex')"
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.create_function("digest_key", 1, lambda key: sha256(key.encode()).hexdigest(), deterministic=True)
        place, digest = "instr", "digest_key({column})"
    for table, column, condition in _KEYS:
        written = digest.format(column=column)
        op.execute(f"UPDATE {table} SET {column} = {written} WHERE {condition.format(place=place)}")
