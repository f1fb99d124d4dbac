"""Every rule in scope is named by a test that runs, and no test names a rule that does not exist.

The marks are read from the text of the test files, so that the answer is the same however few of the tests a run
picks and whichever of several processes asks. A conformance suite counts through the test classes built on it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent.parent
NOT_PROVING: Final = {"long", "skip", "skipif", "xfail"}

Classes = dict[str, list[ast.ClassDef]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def ids(*spans: str) -> frozenset[str]:
    """Return the rule ids of spans such as ``"M1-3"`` or ``"P1"``."""
    found = set[str]()
    for span in spans:
        first, _, last = span[1:].partition("-")
        found.update(f"{span[0]}{n}" for n in range(int(first), int(last or first) + 1))
    return frozenset(found)


IN_SCOPE: Final = ids(
    "M1-4", "C1-12", "D1-8", "S1-12", "K1-3", "V1-3", "B1-13", "T1-2", "T4", "R3", "A1-2", "A4-6", "P1", "P5-6"
)
LATER: Final = ids("T3", "R1-2", "R4", "A3", "P2-4")
SECOND: Final = ids("B14", "R5", "P6")
"""What the second edition adds: in scope as soon as each is built and on the page of the rules."""


def rules_named(tests: Iterable[str], suites: Iterable[str] = ()) -> set[str]:
    """Return the rules that the texts of test files name, with those of the conformance suites they build on."""
    modules = [ast.parse(text) for text in tests]
    classes: Classes = defaultdict(list)
    for node in (node for tree in (*modules, *map(ast.parse, suites)) for node in tree.body):
        if isinstance(node, ast.ClassDef):
            classes[node.name].append(node)
    return {rule for module in modules for rule in named_in(module, classes)}


def named_in(scope: ast.Module | ast.ClassDef | Function, classes: Classes) -> set[str]:
    """Return the rules that a module, class or function names, with what pytest collects below it."""
    marks = list(marks_on(scope))
    if not all_run(marks) or any(map(is_skip, scope.body)):
        return set()
    found = {rule for mark in marks if mark_name(mark) == "rule" for rule in literal_ids(mark)}
    for child in () if isinstance(scope, Function) else scope.body:
        if isinstance(child, ast.ClassDef | Function) and child.name.startswith(("test_", "Test")):
            found |= named_in(child, classes)
    for base in scope.bases if isinstance(scope, ast.ClassDef) else ():
        others = {name: known for name, known in classes.items() if name != last_name(base)}
        for suite in classes.get(last_name(base), ()):
            found |= named_in(suite, others)
    return found


def marks_on(scope: ast.Module | ast.ClassDef | Function) -> Iterator[ast.expr]:
    """Yield the marks of a scope: decorators, ``pytestmark``, and those of single parameters that run."""
    decorators = [] if isinstance(scope, ast.Module) else scope.decorator_list
    yield from decorators
    for statement in scope.body:
        if isinstance(statement, ast.Assign) and last_name(statement.targets[0]) == "pytestmark":
            yield from flat(statement.value)
    for node in (node for decorator in decorators for node in ast.walk(decorator)):
        if isinstance(node, ast.Call) and last_name(node) == "param":
            marks = [mark for keyword in node.keywords if keyword.arg == "marks" for mark in flat(keyword.value)]
            yield from marks if all_run(marks) else ()


def all_run(marks: Iterable[ast.expr]) -> bool:
    """Tell whether no mark keeps its test from proving anything."""
    return not any(mark_name(mark) in NOT_PROVING for mark in marks)


def flat(marks: ast.expr) -> list[ast.expr]:
    """Return a mark, or the marks of a list or tuple, as a list."""
    return marks.elts if isinstance(marks, ast.List | ast.Tuple) else [marks]


def last_name(node: ast.expr) -> str:
    """Return the last name of ``a``, ``a.b``, ``a.b(…)`` or ``a.b[…]``, ``""`` of anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=target) | ast.Subscript(value=target):
            return last_name(target)
    return ""


def mark_name(node: ast.expr) -> str:
    """Return the name of a ``pytest.mark``, ``""`` of anything else: Hypothesis has rules of its own."""
    target = node.func if isinstance(node, ast.Call) else node
    is_mark = isinstance(target, ast.Attribute) and last_name(target.value) == "mark"
    return last_name(target) if is_mark else ""


def is_skip(statement: ast.stmt) -> bool:
    """Tell whether a statement skips whatever holds it, without a condition."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and (ast.unparse(statement.value.func) in {"pytest.skip", "pytest.xfail"})
    )


def literal_ids(mark: ast.expr) -> list[str]:
    """Return the rule ids in a mark, which are written out as text so that they can be searched for."""
    written = [node.value if isinstance(node, ast.Constant) else None for node in getattr(mark, "args", [])]
    if not written or not all(isinstance(rule, str) for rule in written):
        raise ValueError(f"line {mark.lineno}: write the ids out, as in pytest.mark.rule('S1'): {ast.unparse(mark)}")
    return [str(rule) for rule in written]


def texts(folder: Path, pattern: str) -> list[str]:
    """Return the texts of the files below a folder."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.rglob(pattern))]


@pytest.fixture(scope="module")
def named() -> set[str]:
    """Return the rules that this project's tests name."""
    conformance = find_spec("referral_adapters.conformance")
    folders = conformance.submodule_search_locations or [] if conformance else []
    suites = [text for folder in folders for text in texts(Path(folder), "*.py")]
    return rules_named(texts(TESTS, "test_*.py"), suites)


def test_every_rule_in_scope_is_named_by_a_test(named: set[str]) -> None:
    unnamed = sorted(IN_SCOPE - named)
    assert not unnamed, f"rules that no test names: {', '.join(unnamed)}"


def test_no_test_names_a_rule_that_does_not_exist(named: set[str]) -> None:
    unknown = sorted(named - IN_SCOPE - LATER - SECOND)
    assert not unknown, f"ids that are no rule: {', '.join(unknown)}"


PARAMETER: Final = "@pytest.mark.parametrize('x', [pytest.param(1, marks={})])\ndef test_it(x): ..."
SUITE: Final = "class Suite:\n  @pytest.mark.rule('B2')\n  def test_it(self): ...\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@pytest.mark.rule('S1', 'S2')\ndef test_it(): ...", {"S1", "S2"}),
        ("@pytest.mark.rule('S1')\nasync def test_it(): ...", {"S1"}),
        ("@pytest.mark.rule('S1')\ndef builder(): ...", set()),
        ("@rule('S1')\n@pytest.mark.rule('S2')\nclass TestIt: ...", {"S2"}),
        ("pytestmark = [pytest.mark.rule('S1')]\ndef test_it(): ...", {"S1"}),
        ("class TestIt:\n  pytestmark = pytest.mark.rule('S1')\n  def test_it(self): ...", {"S1"}),
        ("class TestIt:\n  @pytest.mark.rule('S1')\n  def test_it(self): ...", {"S1"}),
        ("class TestIt(Suite): ...", {"B2"}),
        ("class TestIt(conformance.Suite[int]): ...", {"B2"}),
        ("class Suite(Suite): ...\nclass TestIt(Suite): ...", {"B2"}),
        ("class Unused(Suite): ...", set()),
        ("@pytest.mark.skip\n@pytest.mark.rule('S1')\ndef test_it(): ...", set()),
        ("@pytest.mark.long\n@pytest.mark.rule('S1')\ndef test_it(): ...", set()),
        ("@pytest.mark.xfail(reason='')\n@pytest.mark.rule('S1')\ndef test_it(): ...", set()),
        ("@pytest.mark.rule('S1')\ndef test_it():\n  pytest.skip('later')", set()),
        ("@pytest.mark.skipif(True, reason='')\nclass TestIt(Suite): ...", set()),
        ("pytestmark = [pytest.mark.skip]\n@pytest.mark.rule('S1')\ndef test_it(): ...", set()),
        ("pytest.skip(allow_module_level=True)\n@pytest.mark.rule('S1')\ndef test_it(): ...", set()),
        (PARAMETER.format("pytest.mark.rule('S1')"), {"S1"}),
        (PARAMETER.format("[pytest.mark.rule('S1'), pytest.mark.skip]"), set()),
    ],
)
def test_only_a_mark_on_a_test_that_runs_names_a_rule(text: str, expected: set[str]) -> None:
    assert rules_named([text], [SUITE]) == expected


@pytest.mark.parametrize("mark", ["pytest.mark.rule()", "pytest.mark.rule(RULE)", "pytest.mark.rule(*RULES)"])
def test_rule_ids_are_written_out(mark: str) -> None:
    with pytest.raises(ValueError, match="write the ids out"):
        rules_named([f"@{mark}\ndef test_it(): ..."])
