"""``referral replay`` and ``referral summary``: results as a table, and the closing balances."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.arguments import parse_moment
from referral_adapters.cli.exit_status import CommandFailed, StopSignals
from referral_adapters.cli.feed_replay import (
    Ending,
    FiledResults,
    NoResults,
    PipedResults,
    Replay,
    Result,
    Results,
    run_feed,
)
from referral_adapters.cli.files import STANDARD_INPUT, AtomicFile, FeedSource, is_same_file, open_programme
from referral_adapters.cli.output import MOST_ROWS, Screen, json_page, standard_output, wants_json
from referral_adapters.cli.progress import FeedProgress, feed_progress
from referral_adapters.cli.store import Use, open_store
from referral_adapters.cli.text import discard_output, printable, say
from referral_adapters.feed import TOGETHER, FeedRunner, Outcome
from referral_core.values.errors import ReferralError


def replay(  # noqa: PLR0913 - one for each option
    feed: str,
    *,
    db: str | None,
    programme: Path | None,
    results: Path | None,
    summary: Path | None,
    code_key: str | None,
    strict: bool,
    balances: bool,
    as_json: bool,
) -> int:
    """Run a feed and return the exit status; everything is opened before the first line is run.

    :raises CommandFailed: something cannot be opened, or the summary cannot be written.
    """
    _refuse_one_file_for_two(feed, results, summary)
    chosen = open_programme(programme)
    shown = balances or not wants_json(as_json)
    with ExitStack() as opened:
        source = opened.enter_context(FeedSource(feed))
        stop = opened.enter_context(StopSignals())
        source.begin(stop)  # before the database, which what is no feed must not create
        store = opened.enter_context(open_store(db, chosen, code_key, Use.CREATE))
        results_file = opened.enter_context(AtomicFile(results, "The results")) if results else None
        summary_file = opened.enter_context(AtomicFile(summary, "The summary")) if summary else None
        runner = FeedRunner(chosen, store)
        with feed_progress(source) as progress:
            taker = _results(results_file, source, progress, balances=balances, as_table=shown)
            # A pipe may be fed line by line, and the result of each is to come at once: no line waits for others.
            together = 1 if source.size is None else TOGETHER
            ending = Replay(runner, taker, progress, together=together).run(source.lines(), stop, strict=strict)
        if ending.pipe_closed:
            discard_output()
        say(*ending.sentences())
        closing = _summary(runner, ending) if shown or summary_file else None
        if summary_file and closing:
            summary_file.write(json_page(closing))
            summary_file.commit()
    if shown and closing and not ending.pipe_closed:
        BalancesTable(Screen.output(), chosen.currency, most=None if balances else GLIMPSE).show(closing)
    return ending.status


def _summary(runner: FeedRunner, ending: Ending) -> dict[str, Any] | None:
    """Return the summary, or nothing where the store failed before and fails again.

    :raises ReferralError: the store fails for the first time.
    """
    try:
        return runner.summary()
    except ReferralError:
        if ending.failure is None:
            raise
        return None


def _results(
    file: AtomicFile | None, source: FeedSource, progress: FeedProgress, *, balances: bool, as_table: bool
) -> Results:
    if file is not None:
        return FiledResults(file)
    if balances:
        return NoResults()
    if as_table:
        return ResultTable(Screen.output(), progress)
    return PipedResults(standard_output(), live=source.size is None)


def _refuse_one_file_for_two(feed: str, results: Path | None, summary: Path | None) -> None:
    """Refuse one file for two purposes: the feed must not be replaced by its own results."""
    purposes = {"the feed": None if feed == STANDARD_INPUT else Path(feed), "--results": results, "--summary": summary}
    names = [name for name, path in purposes.items() if path is not None]
    paths = [path for path in purposes.values() if path is not None]
    for index, path in enumerate(paths):
        for other in range(index):
            if is_same_file(path, paths[other]):
                raise CommandFailed(f"{path} cannot be {names[other]} and {names[index]} at once.")


def summary(
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    code_key: str | None,
    at: str | None,
    known_at: str | None,
    balances: bool,
) -> int:
    """Print the summary of a feed, or of a database, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = parse_moment(at, chosen.calendar)
    known = parse_moment(known_at, chosen.calendar, "--known-at")
    if moment is not None and known is None:
        say(
            f"Statuses of codes are those at {chosen.calendar.text(moment)}; balances, referrals and cases are by all "
            "records. --known-at tells all of it as it was known at a moment."
        )
    with open_store(db, chosen, code_key, Use.READ) as store:
        runner = FeedRunner(chosen, store)
        if feed is not None:
            run_feed(feed, runner)
        found = runner.summary(moment or known or runner.clock or datetime.now(UTC), known_at=known)
    if balances:
        BalancesTable(Screen.output(), chosen.currency).show(found)
    else:
        output = standard_output()
        output.write(json_page(found))
        output.flush()
    return 0


ALL_ROWS: Final = 50
"""The results that are shown whatever they are; after them only those that somebody should look at."""
OUTCOME_COLOURS: Final = {
    Outcome.DONE: "green",
    Outcome.WARNED: "yellow",
    Outcome.REPEATED: "dim",
    Outcome.REFUSED: "red",
    Outcome.INVALID: "bold red",
}
UNEVENTFUL: Final = frozenset({Outcome.DONE, Outcome.REPEATED})

_TITLES: Final = ("line", "id", "outcome", "reasons", "message")
_LINE, _ID, _LONGEST_ID, _OUTCOME, _REASONS = 6, 16, 36, 8, 21
_SPACIOUS: Final = 110
"""The width from which on reasons have a column of their own; below it they stand before the message."""
_LEAST: Final = 60


class ResultTable:
    """The table of results: the first ones, then only those that are warned, refused or invalid, then what is left out.

    Rows are printed as they come and none is kept, so a feed may be of any length.
    """

    def __init__(self, screen: Screen, progress: FeedProgress) -> None:
        self._screen, self._progress = screen, progress
        self._rows = self._left_out = self._uneventful_left_out = 0
        self._width = max(screen.width, _LEAST)
        self._spacious = self._width >= _SPACIOUS
        self._id = min(_LONGEST_ID, max(_ID, self._width - _SPACIOUS))

    def take(self, result: Result) -> None:
        """Show one result, or count it among those left out."""
        outcome = Outcome(result["outcome"])
        if self._rows >= MOST_ROWS:
            self._left_out += 1
        elif self._rows >= ALL_ROWS and outcome in UNEVENTFUL:
            self._uneventful_left_out += 1
        else:
            self._show(result, outcome)

    def close(self) -> None:
        """Say how many results are not shown."""
        if self._left_out or self._uneventful_left_out:
            left_out = self._left_out + self._uneventful_left_out
            self._say(f"… {left_out:,} more; --results FILE keeps them all")
        if self._rows:
            self._screen.print()

    def _show(self, result: Result, outcome: Outcome) -> None:
        with self._progress.hidden():
            if self._rows == 0:
                self._screen.print(self._table(_TITLES if self._spacious else (*_TITLES[:3], "message"), heading=True))
            self._screen.print(self._table(self._cells(result, outcome)))
        self._rows += 1
        if self._rows == ALL_ROWS:
            self._say("… from here on only what is warned, refused or invalid")

    def _say(self, sentence: str) -> None:
        with self._progress.hidden():
            self._screen.print(Text(sentence, style="dim"))

    def _cells(self, result: Result, outcome: Outcome) -> list[str | Text]:
        reasons, message = "\n".join(result["reasons"]), printable(result["message"])
        colour = OUTCOME_COLOURS[outcome]
        line, name = str(result["line"]), printable(result["id"] or "–")
        cells: list[str | Text] = [line, name, Text(outcome.value, style=colour)]
        if self._spacious:
            return [*cells, reasons, message]
        codes = ", ".join(result["reasons"])
        return [*cells, Text.assemble((codes, colour), "\n" if codes else "", message)]

    def _table(self, cells: Sequence[str | Text], *, heading: bool = False) -> Table:
        """Return a table of one row; widths depend on the screen alone, so that rows stand below each other."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.width = self._width
        table.add_column(width=max(_LINE, len(str(cells[0]))), justify="right", style="dim", no_wrap=True)
        table.add_column(width=self._id, overflow="ellipsis", no_wrap=True)
        table.add_column(width=_OUTCOME, no_wrap=True)
        if self._spacious:
            table.add_column(width=_REASONS)
        table.add_column(ratio=1)
        table.add_row(*cells, style="bold" if heading else None)
        return table


Summary = dict[str, Any]
Cells = dict[str, str]

GLIMPSE: Final = 50
"""The accounts that are shown to somebody who did not ask for balances."""

_WORDS: Final = ("account", "customer", "code", "status")
_COLUMNS: Final = (*_WORDS, "granted", "taken back", "transferred", "consumed", "unused", "pending")
_STYLES: Final = {"active": "green", "pending": "yellow", "ended": "dim", "0.00": "dim"}
_LEAST_ACCOUNT: Final = 8
_GAP: Final = 2
_PAGE: Final = 500
"""Rows are drawn in pages: of a million accounts, a table of rich's would have to hold every cell at once."""


class BalancesTable:
    """The closing balances of accounts, the liability and the count of lines."""

    def __init__(self, screen: Screen, currency: str, *, most: int | None = None) -> None:
        self._screen, self._currency, self._most = screen, currency, most

    def show(self, summary: Summary) -> None:
        """Show the accounts of a summary, at most ``most`` of them, then liability and lines."""
        accounts = summary["accounts"]
        if accounts:
            self._show_rows([_cells(name, account) for name, account in islice(accounts.items(), self._most)])
            more = 0 if self._most is None else len(accounts) - self._most
            if more > 0:
                self._screen.print(Text(f"… {more:,} more accounts; --balances shows all", style="dim"))
            self._screen.print()
        liability = summary["liability"]
        locked, unused = f"{liability['locked']} {self._currency}", f"{liability['granted_unused']} {self._currency}"
        self._screen.print(f"liability: {locked} locked, {unused} granted and unused")
        self._screen.print(_lines(summary["lines"]))

    def _show_rows(self, rows: list[Cells]) -> None:
        widths = _widths(rows, self._screen.width)
        rule = "-" if self._screen.options.ascii_only else "─"
        self._screen.print(_line({column: column for column in widths}, widths, head=True), soft_wrap=True)
        self._screen.print(rule * _total(widths), soft_wrap=True)
        for start in range(0, len(rows), _PAGE):
            page = [_line(cells, widths) for cells in rows[start : start + _PAGE]]
            self._screen.print(Text("\n").join(page), soft_wrap=True)


def _cells(name: str, account: dict[str, Any]) -> Cells:
    code = account["code"] or {"text": "–", "status": "–"}
    transferred = Decimal(account["transferred_in"]) - Decimal(account["transferred_out"])
    return {
        "account": printable(name),
        "customer": printable(account["customer"]),
        "code": code["text"],
        "status": code["status"],
        "granted": account["granted"],
        "taken back": account["taken_back"],
        "transferred": f"{transferred:+}" if transferred else "0.00",
        "consumed": account["consumed"],
        "unused": account["unused"],
        "pending": account["pending"],
    }


def _widths(rows: list[Cells], available: int) -> dict[str, int]:
    """Return the columns that have something to show and room for it, with their widths."""
    widths = {column: max(cell_len(column), *(cell_len(cells[column]) for cells in rows)) for column in _COLUMNS}
    for seldom in ("taken back", "transferred"):
        if all(cells[seldom] == "0.00" for cells in rows):
            del widths[seldom]
    if _total(widths) > available:
        del widths["customer"]
    excess = max(0, _total(widths) - available)
    widths["account"] = max(min(_LEAST_ACCOUNT, widths["account"]), widths["account"] - excess)
    return widths


def _total(widths: dict[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)


def _line(cells: Cells, widths: dict[str, int], *, head: bool = False) -> Text:
    line = Text(" " * _GAP).join(
        Text(_fitted(cells[column], width, column), style="bold" if head else _style(column, cells[column]))
        for column, width in widths.items()
    )
    line.rstrip()
    return line


def _fitted(cell: str, width: int, column: str) -> str:
    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    blanks = " " * (width - cell_len(cell))
    return cell + blanks if column in _WORDS else blanks + cell


def _style(column: str, cell: str) -> str:
    if column in {"account", "customer", "code"}:
        return ""
    return _STYLES.get(cell, "bold" if column == "unused" else "")


def _lines(lines: dict[str, int]) -> Text:
    counts = [
        Text(f"{lines[outcome]:,} {outcome}", style=OUTCOME_COLOURS[outcome]) for outcome in Outcome if lines[outcome]
    ]
    return Text("lines: ") + (Text(", ").join(counts) if counts else Text("none"))
