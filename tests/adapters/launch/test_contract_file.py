"""Files of contracts: what is read of them, what is refused as a whole, and what is rejected row by row."""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import attrs
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from referral_adapters.launch import FileRefused, ImportRun, Reject, RejectLines, SourceRow, open_contracts, pages
from referral_adapters.launch.contract_file import LONGEST_ROW
from referral_adapters.memory import MemoryStore
from referral_core import Actor, Contract, Programme, ReferralDesk, Refusal
from referral_core.entities.contract import ContractStatus
from tests.phrases import at

HEAD: Final = "contract,account,customer,concluded_at"
SYSTEM: Final = Actor.system("launch")
PROGRAMME: Final = Programme.default()
LAUNCH: Final = at("2021-06-01")


class Imported:
    """A file that was imported into a store in memory, and what became of it."""

    def __init__(self, path: Path, *, page: int = 3, kind: str | None = None) -> None:
        self.store = MemoryStore(PROGRAMME)
        self.rejects: list[Reject] = []
        self.run = ImportRun(PROGRAMME, self.store, at=LAUNCH, actor=SYSTEM)
        file = open_contracts(path, kind)
        self.columns = file.columns
        for rows in pages(file.rows(), page):
            self.run.take(rows, self.rejects.append)
        assert file.done == file.size
        file.close()

    @property
    def contracts(self) -> list[Contract]:
        accounts = [account for account, _ in self.store.contracts.accounts()]
        return [contract for account in accounts for contract in self.store.contracts.of_account(account)]

    @property
    def rejected(self) -> list[tuple[int, str, str]]:
        return [(reject.line, reject.field, reject.reason) for reject in self.rejects]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contracts.csv"


def of_text(path: Path, *lines: str, head: str = HEAD) -> Imported:
    path.write_bytes("".join(f"{line}\n" for line in (head, *lines)).encode())
    return Imported(path)


def told(refusal: pytest.ExceptionInfo[FileRefused]) -> str:
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    return sentence


def refused_file(path: Path, kind: str | None = None) -> str:
    with pytest.raises(FileRefused) as refusal:
        open_contracts(path, kind)
    return told(refusal)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

FULL: Final = {
    "contract": "K1", "account": "A1", "customer": "C1", "product": "gas", "segment": "micro-business",
    "channel": "distributor", "concluded_at": "2021-01-02T10:00:00+02:00", "activated_at": "2021-02-01",
    "ended_at": "2021-03-01T00:00:00Z", "starts_on": "2021-02-01", "first_name": "Õie",
}  # fmt: skip
WHOLE: Final = Contract.imported(
    id="K1",
    account="A1",
    customer="C1",
    product="gas",
    segment="micro-business",
    channel="distributor",
    concluded_at=at("2021-01-02 10:00"),
    activated_at=at("2021-02-01"),
    ended_at=datetime(2021, 3, 1, tzinfo=UTC),
    starts_on=date(2021, 2, 1),
    first_name="Õie",
)


@pytest.mark.rule("C2", "M1")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_says_all_there_is_to_say(path: Path, delimiter: str, start: bytes, end: str) -> None:
    lines = [delimiter.join(reversed(FULL)), delimiter.join(reversed(FULL.values()))]
    path.write_bytes(start + end.join([*lines, ""]).encode())
    done = Imported(path)
    assert done.contracts == [WHOLE]
    assert done.rejects == []
    assert (done.run.rows, done.run.imported, done.run.present, done.run.rejected) == (1, 1, 0, 0)


@pytest.mark.rule("C2")
def test_what_is_left_out_is_as_in_a_feed(path: Path) -> None:
    (contract,) = of_text(path, "K1,A1,C1,2021-01-02").contracts
    assert (contract.product, contract.segment, contract.channel) == ("electricity", "household", "self-service")
    assert contract.concluded_at == at("2021-01-02")
    assert contract.status is ContractStatus.CONCLUDED
    assert (contract.starts_on, contract.first_name, contract.warnings) == (None, None, ())


def test_an_empty_cell_is_left_out(path: Path) -> None:
    empty = {name: value if name in HEAD.split(",") else "" for name, value in FULL.items()}
    (contract,) = of_text(path, ",".join(empty.values()), head=",".join(empty)).contracts
    assert (contract.product, contract.activated_at, contract.first_name) == ("electricity", None, None)


def test_ended_without_having_been_active_is_withdrawn(path: Path) -> None:
    (contract,) = of_text(path, "K1,A1,C1,2021-01-02,2021-01-05", head=f"{HEAD},ended_at").contracts
    assert (contract.status, contract.ended_at) == (ContractStatus.WITHDRAWN, at("2021-01-05"))


def test_a_quoted_cell_may_hold_anything_but_a_line_break(path: Path) -> None:
    (contract,) = of_text(path, '"K,1","A""1",C1,2021-01-02').contracts
    assert (contract.id, contract.account) == ("K,1", 'A"1')


def test_blank_lines_are_passed_over_and_counted(path: Path) -> None:
    done = of_text(path, "", "K1,A1,C1,2021-01-02", "   ", "K2,A1,C1,never")
    assert done.run.rows == 2
    assert done.rejected == [(5, "concluded_at", "invalid")]
    assert done.run.last_line == 5


QUOTED: Final = '"{}"'.format
PLAIN: Final = "{}".format


@pytest.mark.rule("C2")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
@pytest.mark.parametrize(
    "head",
    [
        [QUOTED] * 4,
        [QUOTED, PLAIN, PLAIN, PLAIN],
        [PLAIN, PLAIN, PLAIN, QUOTED],
        [PLAIN, QUOTED, PLAIN, QUOTED],
        ['" {} "'.format, PLAIN, " {} ".format, QUOTED],
    ],
    ids=["all quoted", "the first quoted", "the last quoted", "every second quoted", "with blanks"],
)
def test_a_header_may_be_quoted_as_spreadsheets_do(
    path: Path, delimiter: str, start: bytes, head: list[Callable[[str], str]]
) -> None:
    names = [write(name) for write, name in zip(head, HEAD.split(","), strict=True)]
    cells = map(QUOTED, ["K-1", "A-1", "ann", "2020-03-01"])
    path.write_bytes(start + f"{delimiter.join(names)}\r\n{delimiter.join(cells)}\r\n".encode())
    done = Imported(path)
    assert (done.rejects, done.columns) == ([], HEAD.split(","))
    assert [(each.id, each.account, each.customer) for each in done.contracts] == [("K-1", "A-1", "ann")]


@pytest.mark.parametrize("named", ["sep=;", '"sep=;"', "SEP=;\r", "\ufeffsep=;"])
def test_a_line_before_the_header_may_name_the_delimiter(path: Path, named: str) -> None:
    path.write_text(f"{named}\n{HEAD.replace(',', ';')}\nK,1;A1;C1;2021-01-02\nK2;A1\n", encoding="utf-8")
    done = Imported(path)
    assert [each.id for each in done.contracts] == ["K,1"]
    assert [each.line for each in done.rejects] == [4]


def test_a_line_that_names_the_delimiter_is_no_header(path: Path) -> None:
    path.write_text("sep=;\n", encoding="utf-8")
    assert "is empty" in refused_file(path)
    path.write_text(f"sep=;\n{HEAD}\n", encoding="utf-8")
    assert f"no column '{HEAD}"[:30] in refused_file(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("nothing", ["{0}{0}{0}", "{0}{0}{0}{0}{0}{0}", '""{0}""{0}""{0}""', " {0} {0}{0}\r", "{0}"])
def test_a_line_of_delimiters_is_no_row(path: Path, delimiter: str, nothing: str) -> None:
    lines = [HEAD, "K1,A1,C1,2021-01-02", nothing.format(","), "K2,A1,C1,2021-01-02", *[nothing.format(",")] * 9]
    path.write_text("\n".join(lines).replace(",", delimiter), encoding="utf-8")
    done = Imported(path)
    assert ([each.id for each in done.contracts], done.rejects, done.run.rows) == (["K1", "K2"], [], 2)


def test_a_line_with_a_quotation_mark_in_it_is_a_row(path: Path) -> None:
    done = of_text(path, '"""",,,', '",,,', head=HEAD)
    assert [(each.line, each.reason) for each in done.rejects] == [(2, "invalid"), (3, "invalid")]


def test_columns_at_the_end_without_a_name_and_without_cells_are_passed_over(path: Path) -> None:
    done = of_text(path, "K1,A1,C1,2021-01-02,,", "K2,A1,C1,2021-01-02,,x", "K3,A1,C1,2021-01-02", head=f'{HEAD},,""')
    assert ([each.id for each in done.contracts], done.columns) == (["K1"], HEAD.split(","))
    assert [each.message for each in done.rejects] == [
        "The line has a cell in a column without a name.",
        "The line has 4 cells and the header has 6.",
    ]


def test_a_file_with_a_header_only_holds_nothing(path: Path) -> None:
    done = of_text(path)
    assert (done.contracts, done.rejects, done.run.rows) == ([], [], 0)


def test_a_last_line_needs_no_end(path: Path) -> None:
    path.write_text(f"{HEAD}\nK1,A1,C1,2021-01-02", encoding="utf-8")
    assert len(Imported(path).contracts) == 1


# ── rows that are not right ───────────────────────────────────────────────────────────────────────────────────────────

EVERY: Final = f"{HEAD},activated_at,ended_at,starts_on,first_name,product"


@pytest.mark.rule("C2", "M1")
@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("K1,A1,C1", "", "invalid"),
        ("K1,A1,C1,2021-01-02,,,,,,", "", "invalid"),
        (",A1,C1,2021-01-02,,,,,", "contract", "invalid"),
        ("K1,A1,C1,,,,,,", "concluded_at", "invalid"),
        (" K1,A1,C1,2021-01-02,,,,,", "contract", "name-invalid"),
        ("K\0,A1,C1,2021-01-02,,,,,", "contract", "name-invalid"),
        ("K1\r,A1,C1,2021-01-02,,,,,", "contract", "name-invalid"),
        (f"{'K' * 201},A1,C1,2021-01-02,,,,,", "contract", "name-invalid"),
        ("K1,A1,\u3164,2021-01-02,,,,,", "customer", "name-invalid"),
        ("K1,A1,\u200b,2021-02-30,,,,,", "concluded_at", "invalid"),
        ("K1,A1,C1,2021-02-30,,,,,", "concluded_at", "invalid"),
        ("K1,A1,C1,02.01.2021,,,,,", "concluded_at", "invalid"),
        ("K1,A1,C1,2021-01-02T10:00:00,,,,,", "concluded_at", "moment-naive"),
        ("K1,A1,C1,0001-01-01,,,,,", "concluded_at", "moment-invalid"),
        ("K1,A1,C1,2021-01-02,2021-01-01,,,,", "activated_at", "moment-invalid"),
        ("K1,A1,C1,2021-01-02,2021-02-01,2021-01-03,,,", "ended_at", "moment-invalid"),
        ("K1,A1,C1,2021-01-02,,2021-01-01,,,", "ended_at", "moment-invalid"),
        ("K1,A1,C1,2021-01-02,2021-06-02,,,,", "activated_at", "moment-invalid"),
        ("K1,A1,C1,2021-01-02,,,2021-01-02T10:00:00Z,,", "starts_on", "invalid"),
        (f"K1,A1,C1,2021-01-02,,,,{'x' * 4001},", "first_name", "invalid"),
        ("K1,A1,C1,2021-01-02,,,,a\0b,", "first_name", "invalid"),
        ("K1,A1,C1,2021-01-02,,,,, gas", "product", "name-invalid"),
        ('"K1,A1,C1,2021-01-02,,,,,', "", "invalid"),
        ('"K1"x,A1,C1,2021-01-02,,,,,', "", "invalid"),
        ("K1," + "x" * LONGEST_ROW, "", "invalid"),
        ("K0,A1,C1,2021-01-02,,,,,gas", "contract", "contract-exists"),
        ("K1,A0,C1,2021-01-02,,,,,", "customer", "not-same-customer"),
    ],
)
def test_a_row_that_is_not_right_is_rejected_and_the_rest_goes_on(
    path: Path, line: str, field: str, reason: str
) -> None:
    before, after = "K0,A0,C0,2021-01-02,,,,,", "K9,A9,C9,2021-01-02,,,,,"
    done = of_text(path, before, line, after, head=EVERY)
    assert [contract.id for contract in done.contracts] == ["K0", "K9"]
    assert done.rejected == [(3, field, reason)]
    assert done.rejects[0].message.endswith(".")
    assert (done.run.rows, done.run.imported, done.run.rejected) == (3, 2, 1)


@pytest.mark.rule("D2")
def test_a_customer_is_one_however_the_id_is_typed(path: Path) -> None:
    done = of_text(path, "K1,A,Ma\u0308nd,2021-01-02", "K1,A,M\u00e4nd,2021-01-02", "K2,A,M\u00e4nd,2021-01-02")
    assert done.rejected == []
    assert {contract.customer for contract in done.contracts} == {"M\u00e4nd"}
    assert (done.run.imported, done.run.present) == (2, 1)


@pytest.mark.parametrize("page", [1, 2, 100])
def test_rows_are_judged_one_after_another_however_large_the_pages_are(path: Path, page: int) -> None:
    lines = ["K1,A,ann,2021-01-02", "K1,A,ann,2021-01-02", "K1,A,ann,2021-01-03", "K2,A,ben,2021-01-02",
             "K2,B,ben,2021-01-02", "K3,B,ben,x", "K3,B,ann,2021-01-02"]  # fmt: skip
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    done = Imported(path, page=page)
    assert done.rejected == [
        (4, "contract", "contract-exists"),
        (5, "customer", "not-same-customer"),
        (7, "concluded_at", "invalid"),
        (8, "customer", "not-same-customer"),
    ]
    assert (done.run.imported, done.run.present) == (2, 1)


NAMES: Final = st.sampled_from(["", "X", "Y", "Z", " "])
MOMENTS: Final = st.sampled_from(["", "2021-01-02", "2021-01-03T10:00:00+02:00", "2021-02-01", "2021-01-03", "soon"])
ROWS: Final = st.lists(
    st.tuples(st.sampled_from(["K1", "K2", "K3", ""]), NAMES, NAMES, MOMENTS, MOMENTS, MOMENTS), max_size=6
)


@pytest.mark.rule("C2")
@given(ROWS)
def test_what_comes_in_is_what_acts_one_by_one_would_have_let_in(rows: list[tuple[str, ...]]) -> None:
    source = [
        SourceRow(line, cells, {name: cell for name, cell in zip(EVERY.split(","), cells, strict=False) if cell})
        for line, cells in enumerate(rows, 2)
    ]
    store = MemoryStore(PROGRAMME)
    run = ImportRun(PROGRAMME, store, at=LAUNCH, actor=SYSTEM)
    for page in pages(source, 2):
        run.take(page, lambda _: None)
    one_by_one = MemoryStore(PROGRAMME)
    let_in = sum(done_by_acts(one_by_one, row.values) for row in source)
    assert [store.contracts.find(each) for each in ("K1", "K2", "K3")] == [
        one_by_one.contracts.find(each) for each in ("K1", "K2", "K3")
    ]
    assert list(store.contracts.accounts()) == list(one_by_one.contracts.accounts())
    assert run.imported == let_in


def done_by_acts(store: MemoryStore, row: Any) -> bool:  # noqa: ANN401 - a row's values
    """Conclude, activate and end what a row tells of, each by its own act, and tell whether all of that was let in."""
    desk = ReferralDesk(PROGRAMME, store)
    try:
        moments = {name: moment_of(row[name]) for name in ("concluded_at", "activated_at", "ended_at") if name in row}
        ids = [row[name] for name in ("contract", "account", "customer")]
        if " " in ids:
            return False
        with store.transaction():
            desk.session(actor=SYSTEM, now=moments.pop("concluded_at")).sign_ups.conclude(
                ids[0], account=ids[1], customer=ids[2]
            )
            for name, moment in moments.items():
                contracts = desk.session(actor=SYSTEM, now=moment).contracts
                act = contracts.activate if name == "activated_at" else contracts.terminate
                if name == "ended_at" and "activated_at" not in moments:
                    act = contracts.withdraw
                act(ids[0])
    except (KeyError, ValueError, Refusal):
        return False
    return True


def moment_of(text: str) -> datetime:
    return PROGRAMME.calendar.start_of(date.fromisoformat(text)) if len(text) == 10 else datetime.fromisoformat(text)


# ── files that are refused ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("contract,account,customer", ["column concluded_at is missing"]),
        (f"{HEAD},konto", ["no column 'konto'"]),
        (f"{HEAD},account", ["column account is there 2 times"]),
        ("contract,konto", ["'konto'", "account is missing", "customer is missing", "concluded_at is missing"]),
        ("K1,A1,C1,2021-01-02", ["'K1'", "contract is missing"]),
        (f",{HEAD}", ["no column ''"]),
        (f"line,field,reason,message,{HEAD}", ["'line'", "'message'"]),
        (f"{HEAD},{'x' * 99}", ["'xxx"]),
        (f'"{HEAD}', ["header"]),
    ],
)
def test_columns_that_do_not_fit_are_all_named(path: Path, head: str, named: Sequence[str]) -> None:
    path.write_text(f"{head}\nK1,A1,C1,2021-01-02\n", encoding="utf-8")
    sentence = refused_file(path)
    assert [part for part in named if part not in sentence] == []
    assert len(sentence) < 400


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf\n", b"  \r\nK1,A1"])
def test_a_file_without_a_header_is_empty(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "is empty" in refused_file(path)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (f"{HEAD}\nK1,A1,C1,2021-01-02\nK2,Ö,C2,2021-01-02\n".encode("latin-1"), "line 3, column account"),
        (f'{HEAD}\n"K1",A1,"Ö",2021-01-02\n'.encode("latin-1"), "line 2, column customer"),
        (f'{HEAD}\n"K1,Ö\n'.encode("latin-1"), "line 2."),
        (f"{HEAD}\n{'x' * LONGEST_ROW}Ö".encode("latin-1"), "a line that is too long"),
        (f"{HEAD},Ö\n".encode("latin-1"), "line 1, which names the columns"),
        (f"{HEAD}\n".encode("utf-16"), "line 1, which names the columns"),
        (f"{HEAD}\nK1,A1,C1,2021-01-02\nõ".encode()[:-1], "line 3, column contract"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused_as_a_whole(path: Path, content: bytes, named: str) -> None:
    path.write_bytes(content)
    sentence = refused_file(path)
    assert "is not UTF-8" in sentence
    assert named in sentence


def test_a_file_must_be_there_and_be_a_file(tmp_path: Path, path: Path) -> None:
    assert "No such file" in refused_file(path)
    assert "No such file" in refused_file(tmp_path / "contracts.parquet")
    (tmp_path / "folder.csv").mkdir()
    assert "no regular file" in refused_file(tmp_path / "folder.csv")
    assert "no regular file" in refused_file(Path("/dev/null"), "csv")


def test_a_file_must_say_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "contracts.xlsx"
    path.write_text(f"{HEAD}\nK1,A1,C1,2021-01-02\n", encoding="utf-8")
    assert "does not say what it is" in refused_file(path)
    assert "does not say what it is" in refused_file(path, "xlsx")
    assert len(Imported(path, kind="csv").contracts) == 1


# ── Parquet ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def of_columns(path: Path, **columns: object) -> Imported:
    parquet.write_table(pa.table(columns), path, row_group_size=2)
    return Imported(path)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "contracts.parquet"


def test_columns_of_text_are_read_as_in_a_csv_file(table: Path) -> None:
    done = of_columns(table, **{name: [value, None, ""] for name, value in FULL.items()})
    assert done.contracts == [WHOLE]
    assert done.rejected == [(2, "contract", "invalid"), (3, "contract", "invalid")]


@pytest.mark.rule("M1")
def test_columns_of_moments_and_days_may_hold_such(table: Path) -> None:
    nepal = datetime(2021, 1, 2, 13, 45, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    done = of_columns(
        table,
        contract=pa.array(["K1", "K2", "K3"]).dictionary_encode(),
        account=pa.array(["A1", "A2", "A3"], pa.large_string()),
        customer=pa.array(["C1", "C2", "C3"], pa.string_view()),
        concluded_at=pa.array([nepal] * 3, pa.timestamp("ns", "+05:45")),
        activated_at=pa.array([date(2021, 2, 1), None, date(2021, 2, 1)], pa.date32()),
        ended_at=pa.array([None, None, datetime(2021, 3, 1)], pa.timestamp("us")),  # noqa: DTZ001 - on purpose
        starts_on=pa.array([date(2021, 2, 1)] * 3, pa.date64()),
        first_name=pa.nulls(3),
    )
    assert done.rejected == [(3, "ended_at", "moment-naive")]
    first, second = done.contracts
    assert (first.concluded_at, first.activated_at) == (at("2021-01-02 10:00"), at("2021-02-01"))
    assert (second.starts_on, second.activated_at, second.first_name) == (date(2021, 2, 1), None, None)


def test_moments_are_cut_off_past_the_microsecond(table: Path) -> None:
    given_ = {"contract": ["K1"], "account": ["A1"], "customer": ["C1"]}
    nanoseconds = pa.array([1_609_574_400_123_456_789], pa.timestamp("ns", "UTC"))
    (contract,) = of_columns(table, **given_, concluded_at=nanoseconds).contracts
    assert contract.concluded_at == datetime(2021, 1, 2, 8, 0, 0, 123456, tzinfo=UTC)


def test_columns_of_other_kinds_are_named(table: Path) -> None:
    columns = {"contract": [1], "account": ["A1"], "customer": [1.5], "concluded_at": ["2021-01-02"]}
    parquet.write_table(pa.table({**columns, "starts_on": pa.array([0], pa.timestamp("us"))}), table)
    sentence = refused_file(table)
    assert "column contract holds int64 and not text; the column customer holds double" in sentence
    assert "starts_on" in sentence


def test_columns_of_a_parquet_file_are_checked_likewise(table: Path) -> None:
    parquet.write_table(pa.table({"contract": ["K1"], "konto": ["A1"]}), table)
    assert "no column 'konto'" in refused_file(table)


def test_text_that_is_not_utf_8_is_refused_as_a_whole(table: Path) -> None:
    wrong = pa.array([b"K1", b"\xd6"]).cast(pa.binary())
    text = pa.StringArray.from_buffers(2, wrong.buffers()[1], wrong.buffers()[2])
    rest = {"account": ["A1", "A2"], "customer": ["C1", "C2"], "concluded_at": ["2021-01-02"] * 2}
    parquet.write_table(pa.table({"contract": text, **rest}), table, use_dictionary=False)
    assert "not UTF-8: column contract" in refused_file(table)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"contract,account\n" * 9, b"PAR1" + b"\0" * 50 + b"PAR1"])
def test_what_is_no_parquet_file_is_said_to_be_none(table: Path, content: bytes) -> None:
    table.write_bytes(content)
    assert "is not a Parquet file, or it is damaged" in refused_file(table)


def test_a_damaged_parquet_file_is_refused(table: Path) -> None:
    names = [f"{number:050}" for number in range(5000)]
    parquet.write_table(
        pa.table({"contract": names, "account": names, "customer": names, "concluded_at": ["2021-01-02"] * 5000}),
        table, use_dictionary=False, compression="snappy",
    )  # fmt: skip
    content = bytearray(table.read_bytes())
    content[1000:3000] = b"\xff" * 2000
    table.write_bytes(content)
    assert "damaged" in refused_file(table)


def test_a_parquet_file_needs_an_extra(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "extra `parquet`" in refused_file(table)


# ── rejects ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_back(columns: Iterable[str], *rejects: Reject, delimiter: str = ",") -> list[list[str]]:
    lines = RejectLines(list(columns), delimiter)
    data = lines.header() + b"".join(map(lines.line, rejects))
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_reject_says_where_what_and_why_and_gives_the_row_back(path: Path, delimiter: str) -> None:
    path.write_text(f'{HEAD}\n"K,1;",A1,C1,soon\n'.replace(",", delimiter), encoding="utf-8")
    done = Imported(path)
    head, row = read_back(done.columns, *done.rejects, delimiter=delimiter)
    assert head == [*HEAD.split(","), "line", "field", "reason", "message"]
    assert row[:4] == [f"K{delimiter}1;", "A1", "C1", "soon"]
    assert row[4:7] == ["2", "concluded_at", "invalid"]


def test_a_row_that_cannot_be_taken_apart_is_given_back_whole(path: Path) -> None:
    done = of_text(path, '"K1,A1,C1,2021-01-02', "K1," + "x" * LONGEST_ROW)
    _, unquoted, long = read_back(done.columns, *done.rejects)
    assert unquoted[:6] == ['"K1,A1,C1,2021-01-02', "", "", "", "2", ""]
    assert long[0].startswith("K1,xxx")
    assert len(long[0]) == 1001


CELLS: Final = st.text(
    st.sampled_from("=+-@\t\r ＝＋'\"a,;ö\u200b") | st.characters(exclude_characters="\n", codec="utf-8")
)


@given(st.lists(CELLS, min_size=4, max_size=4))
def test_no_cell_begins_like_a_formula(cells: list[str]) -> None:
    _, row = read_back(HEAD.split(","), Reject(2, cells[0], cells[1], cells[2], cells))
    assert not [cell for cell in row if cell and cell[0] in "=+-@\t\r＝＋－＠"]


@pytest.mark.rule("C2")
@given(st.lists(st.lists(CELLS, min_size=4, max_size=4).filter(lambda cells: any(map(str.strip, cells)))), st.data())
def test_what_is_rejected_is_read_back_to_the_letter(rows: list[list[str]], data: st.DataObject) -> None:
    delimiter = data.draw(st.sampled_from([",", ";", "\t"]))
    lines = RejectLines(HEAD.split(","), delimiter)
    rejects = [lines.line(Reject(2, "customer", "invalid", "=1", cells)) for cells in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejects.csv"
        path.write_bytes(b"".join([lines.header(), *rejects]))
        file = open_contracts(path)
        assert [list(row.cells) for row in file.rows()] == rows
        file.close()


def test_an_apostrophe_in_a_name_is_a_part_of_it(path: Path) -> None:
    done = of_text(path, "'t Hooft,O'Neil,''=x,2021-01-02")
    assert [(each.id, each.account, each.customer) for each in done.contracts] == [("'t Hooft", "O'Neil", "'=x")]


@pytest.mark.rule("C2")
@pytest.mark.parametrize("keep", [None, -4], ids=["as they are", "without the last four columns"])
def test_rejects_are_corrected_and_imported(path: Path, keep: int | None) -> None:
    first = of_text(
        path,
        "K-1,A-1,+3725550001,01.03.2020,",
        "K-2,A-2,=HYPER,2020-03-01,31.12.2020",
        "K-3,A-3,@ann,2020-03-01,x",
        "K-4,-7,ann,2020-03-01,x",
        head=f"{HEAD},activated_at",
    )
    assert len(first.rejects) == 4
    table = read_back(first.columns, *first.rejects)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(row[:keep] for row in table)
    path.write_text(text.getvalue().replace("01.03.2020", "2020-03-01").replace("31.12.2020", "").replace(",x", ","))
    again = Imported(path)
    assert again.rejects == []
    assert {each.id: (each.account, each.customer) for each in again.contracts} == {
        "K-1": ("A-1", "+3725550001"),
        "K-2": ("A-2", "=HYPER"),
        "K-3": ("A-3", "@ann"),
        "K-4": ("-7", "ann"),
    }


def test_rejects_are_values() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Reject(1, "", "invalid", "", []).line = 2  # type: ignore[misc]  # it is frozen
