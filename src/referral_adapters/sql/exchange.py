"""Many statements in one round trip to PostgreSQL, by the pipeline mode of ``libpq`` without the driver's cursors.

A cursor costs more than the statement that it carries. Here the server prepares each statement once under a name, all
statements are sent under their names, and then all results are read: half the time of the driver's own pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from referral_adapters.sql.errors import StoreFailed

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

    from referral_adapters.sql.patient_connection import PatientConnection

Sent = tuple[bytes, Sequence[bytes | None]]
"""A statement with the parameters ``$1``, ``$2`` …, and their values as text."""
Answer = tuple[int, list[tuple[Any, ...]]]
"""The number of rows that a statement changed or returned, and the returned rows."""


class StatementFailed(Exception):
    """A statement failed, and none after it was executed; ``place`` is its number among the statements, from 0."""

    def __init__(self, place: int, error: Exception) -> None:
        super().__init__(str(error))
        self.place = place
        self.error = error


def exchange(connection: PatientConnection, statements: Sequence[Sent]) -> list[Answer]:
    """Execute statements in one round trip, up to the first that fails.

    :raises StatementFailed: a statement failed.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        preparing = _send(connection, pgconn, statements)
        results = connection.wait(_answers(pgconn, len(statements) + len(preparing)))
    except BaseException:
        # Statements may still be on their way: the next result could not be attributed to a statement any more.
        pgconn.finish()
        raise
    pgconn.exit_pipeline_mode()
    return _read(connection, results, preparing)


def encoded(value: Any) -> bytes | None:  # noqa: ANN401 - whatever a column takes
    """Return a value in the text format of PostgreSQL; ``None`` is NULL."""
    return _ENCODERS.get(type(value), _other)(value)


def _send(connection: PatientConnection, pgconn: PGconn, statements: Sequence[Sent]) -> dict[int, bytes]:
    """Queue all statements, and return the texts of those prepared here, by their places among the results."""
    names, preparing, place = connection.statement_names, dict[int, bytes](), 0
    for text, values in statements:
        name = names.get(text)
        if name is None:
            name = names[text] = b"referral_%d" % next(connection.numbers)
            pgconn.send_prepare(name, text)
            preparing[place] = text
            place += 1
        pgconn.send_query_prepared(name, values)
        place += 1
    return preparing


def _answers(pgconn: PGconn, count: int) -> PQGen[list[PGresult]]:
    """Flush what is queued and wait for all results, while other threads run."""
    from psycopg.pq import ExecStatus  # noqa: PLC0415 - only with the driver
    from psycopg.waiting import Ready, Wait  # noqa: PLC0415

    pgconn.pipeline_sync()
    # Read while sending: with both buffers full the server would wait for its client, and the client for the server.
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # libpq ends the results of each statement with NULL
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _read(connection: PatientConnection, results: list[PGresult], preparing: dict[int, bytes]) -> list[Answer]:
    from psycopg.errors import error_from_result  # noqa: PLC0415
    from psycopg.pq import ExecStatus  # noqa: PLC0415

    transformer, answers = connection.transformer, list[Answer]()
    failed: StatementFailed | None = None
    for place, result in enumerate(results):
        status = result.status
        if status in {ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED}:
            if place in preparing:  # the server does not have it under this name
                connection.statement_names.pop(preparing[place], None)
            if failed is None:
                failed = StatementFailed(len(answers), error_from_result(result))
        elif place not in preparing:
            if status == ExecStatus.TUPLES_OK:
                transformer.set_pgresult(result)
                answers.append((result.ntuples, transformer.load_rows(0, result.ntuples, tuple)))
            else:
                answers.append((result.command_tuples or 0, []))
    if failed is not None:
        if getattr(failed.error, "sqlstate", None) == _NO_SUCH_STATEMENT:
            connection.statement_names.clear()  # a pooler has given the connection another session of the server
        raise failed
    return answers


_NO_SUCH_STATEMENT: Final = "26000"


def _text(value: str) -> bytes:
    if "\0" in value:  # libpq takes values as C strings, which end there
        raise StoreFailed("A text holds a character that the database cannot keep.")
    return value.encode()


def _other(value: Any) -> bytes:  # noqa: ANN401
    return _text(str(value))


_ENCODERS: Final[dict[type, Callable[[Any], bytes | None]]] = {
    str: _text,
    int: lambda value: b"%d" % value,
    bool: lambda value: b"t" if value else b"f",
    type(None): lambda _: None,
    datetime: lambda value: value.isoformat().encode(),
    date: lambda value: value.isoformat().encode(),
    Decimal: lambda value: str(value).encode(),
}
