"""Where a statement's rows lie on a cluster, read off the statement's own tree.

A stand-in for Citus, and stricter: it takes no plan that brings rows of one place to another. It says of a statement
what a cluster would refuse in it, and which tables it asks everywhere because it names no place of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs
from sqlalchemy import Alias, BindParameter, BooleanClauseList, Join, Select, Table
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BinaryExpression, Grouping
from sqlalchemy.sql.selectable import (
    CompoundSelect,
    Exists,
    Lateral,
    ScalarSelect,
    SelectBase,
    SelectStatementGrouping,
    Subquery,
    TableValuedAlias,
)

from referral_adapters.sql.tables import REFERENCE

APART: Final = "joins tables whose rows lie apart"
BY_SUBQUERY: Final = "looks in a subquery for rows that lie elsewhere"
LOCKED: Final = "locks rows everywhere"
MOVED: Final = "moves a row to another place"
CORRELATED: Final = "looks rows up for each of those that a function returns"


Group = tuple[set[Any], set[object]]
"""Tables whose rows lie in one place, and the keys that name it."""


@attrs.frozen
class Placing:
    """What a cluster would refuse in a statement, and the tables that it would ask everywhere."""

    refused: frozenset[str] = frozenset()
    everywhere: frozenset[str] = frozenset()

    def __or__(self, other: Placing) -> Placing:
        return Placing(self.refused | other.refused, self.everywhere | other.everywhere)


def placing(statement: Any) -> Placing:  # noqa: ANN401 - a statement, or a part of one
    """Return what a cluster would make of a statement."""
    if isinstance(statement, SelectStatementGrouping):
        return placing(statement.element)
    if isinstance(statement, CompoundSelect):
        found = Placing()
        for each in statement.selects:
            found |= placing(each)
        return found
    if isinstance(statement, Select):
        return _of_select(statement)
    if isinstance(statement, Insert):
        source = statement.select
        return Placing() if source is None else placing(source)
    if isinstance(statement, Update | Delete):
        return _of_change(statement)
    return Placing()


def _of_select(select: Select[Any]) -> Placing:
    froms = list(select.get_final_froms())
    leaves = [leaf for each in froms for leaf in _leaves(each)]
    conditions = [*_terms(select.whereclause), *(term for each in froms for term in _joined_on(each))]
    found = _of_level(leaves, conditions, [*select.selected_columns, *conditions])
    if select._for_update_arg is not None and found.everywhere:
        found |= Placing(refused=frozenset({LOCKED}))
    return found


def _of_change(change: Update | Delete) -> Placing:
    table = change.table
    assert isinstance(table, Table)
    conditions = list(_terms(change.whereclause))
    others = {
        leaf
        for term in conditions
        for leaf in _columns_of(term)
        if leaf is not table and not (isinstance(leaf, Table) and leaf is table)
    }
    found = _of_level([table, *others], conditions, conditions)
    where = table.info["distribution"]
    given = {getattr(name, "key", name) for name in (change._values or {})} if isinstance(change, Update) else set()
    return found | Placing(refused=frozenset({MOVED} if where in given else ()))


def _of_level(leaves: Iterable[Any], conditions: list[Any], expressions: Iterable[Any]) -> Placing:
    """Return what becomes of the tables of one level of a statement, and of the subqueries in it."""
    found = Placing()
    groups: list[Group] = []
    functions = [leaf for leaf in leaves if isinstance(leaf, TableValuedAlias)]
    for leaf in leaves:
        if isinstance(leaf, Subquery | Lateral):
            found |= placing(leaf.element) | _correlated(leaf.element, functions)
            tables = _tables_in(leaf.element)
            if tables:
                groups.append((set(), _keys_below(leaf.element)))
        elif (column := _place_of(leaf)) is not None:
            groups.append(({leaf}, _keys_of(column, conditions)))
    merged = _merged(groups, conditions)
    if len(merged) > 1:
        found |= Placing(refused=frozenset({APART}))
    for members, keys in merged:
        if not keys:
            found |= Placing(everywhere=frozenset(_named(leaf) for leaf in members))
    here = {key for _, keys in merged for key in keys}
    for nested in _nested(expressions):
        found |= _of_nested(nested, here, [leaf for members, _ in merged for leaf in members]) | _correlated(
            nested, functions
        )
    return found


def _of_nested(nested: Any, keys: set[object], outside: list[Any]) -> Placing:  # noqa: ANN401 - a query of any kind
    """Return what becomes of a subquery: it has to look where the statement around it looks."""
    if not _tables_in(nested):
        return Placing()
    below = _keys_below(nested)
    if below and below <= keys:
        return placing(nested)
    levels = [each for each in visitors.iterate(nested) if isinstance(each, Select)]
    leaves = [leaf for each in levels for of in each.get_final_froms() for leaf in _leaves(of)]
    terms = [term for each in levels for term in _terms(each.whereclause)]
    if any(_is_beside(inner, outer, terms) for inner in leaves for outer in outside):
        return Placing()
    return placing(nested) | Placing(refused=frozenset({BY_SUBQUERY}))


def _correlated(query: Any, functions: list[Any]) -> Placing:  # noqa: ANN401
    reached = {getattr(each, "table", None) for each in visitors.iterate(query)}
    return Placing(frozenset({CORRELATED} if _tables_in(query) and not reached.isdisjoint(functions) else ()))


def _merged(groups: list[Group], conditions: list[Any]) -> list[Group]:
    """Return groups of tables whose rows lie in the same place: by one key, or by equal columns."""
    merged: list[Group] = []
    for fresh in groups:
        whole = [fresh, *(each for each in merged if _lie_together(each, fresh, conditions))]
        merged = [each for each in merged if each not in whole]
        merged.append((set().union(*[members for members, _ in whole]), set().union(*[keys for _, keys in whole])))
    return merged


def _lie_together(one: Group, other: Group, conditions: list[Any]) -> bool:
    (some, keys), (others, same) = one, other
    return bool(keys & same) or any(_is_beside(a, b, conditions) for a in some for b in others)


def _is_beside(one: Any, other: Any, conditions: list[Any]) -> bool:  # noqa: ANN401 - tables and aliases
    return any(
        _is_equal(term) and {_bare(term.left), _bare(term.right)} == {_place_of(one), _place_of(other)}
        for term in conditions
    )


def _keys_of(column: Any, conditions: list[Any]) -> set[object]:  # noqa: ANN401 - of a table or an alias
    """Return the values that a column is compared with for equality, each by its name."""
    keys: set[object] = set()
    for term in conditions:
        if not _is_equal(term):
            continue
        for mine, other in ((term.left, term.right), (term.right, term.left)):
            if _bare(mine) is column and isinstance(_bare(other), BindParameter):
                keys.add(_bare(other).key)
    return keys


def _keys_below(query: Any) -> set[object]:  # noqa: ANN401 - a query of any kind
    keys: set[object] = set()
    for each in visitors.iterate(query):
        if isinstance(each, Select):
            terms = [*_terms(each.whereclause), *(term for of in each.get_final_froms() for term in _joined_on(of))]
            for leaf in [leaf for of in each.get_final_froms() for leaf in _leaves(of)]:
                column = _place_of(leaf)
                if column is not None:
                    keys |= _keys_of(column, terms)
    return keys


def _nested(expressions: Iterable[Any]) -> Iterator[SelectBase]:
    """Yield the subqueries in expressions, the outermost of each."""
    for expression in expressions:
        waiting = [expression]
        while waiting:
            each = waiting.pop()
            if isinstance(each, ScalarSelect | Exists):
                yield each.element.element if isinstance(each.element, Grouping) else each.element  # type: ignore[misc]
            elif isinstance(each, SelectBase):
                yield each
            else:
                waiting += each.get_children()


def _leaves(source: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever stands behind FROM
    if isinstance(source, Join):
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _joined_on(source: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(source, Join):
        yield from _terms(source.onclause)
        yield from _joined_on(source.left)
        yield from _joined_on(source.right)


def _terms(condition: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the conditions that all have to hold."""
    if condition is None:
        return
    condition = _bare(condition)
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for each in condition.clauses:
            yield from _terms(each)
    else:
        yield condition


def _bare(expression: Any) -> Any:  # noqa: ANN401
    while isinstance(expression, Grouping):
        expression = expression.element
    return expression


def _is_equal(term: Any) -> bool:  # noqa: ANN401
    return isinstance(term, BinaryExpression) and term.operator is operators.eq


def _columns_of(term: Any) -> set[Any]:  # noqa: ANN401
    """Return what the columns of a condition belong to, but for those of subqueries."""
    found, waiting = set(), [term]
    while waiting:
        each = waiting.pop()
        if isinstance(each, SelectBase | ScalarSelect | Exists):
            continue
        table = getattr(each, "table", None)
        if table is not None:
            found.add(table)
        waiting += each.get_children()
    return found


def _place_of(leaf: Any) -> Any:  # noqa: ANN401
    """Return the column by which the rows of a table, or of its alias, lie; ``None`` where it lies on every node."""
    table = leaf.element if isinstance(leaf, Alias) else leaf
    if not isinstance(table, Table) or table.info["distribution"] == REFERENCE:
        return None
    return leaf.c[table.info["distribution"]]


def _tables_in(query: Any) -> set[Table]:  # noqa: ANN401
    tables = {each for each in visitors.iterate(query) if isinstance(each, Table)}
    return {table for table in tables if table.info["distribution"] != REFERENCE}


def _named(leaf: Any) -> str:  # noqa: ANN401
    table: Any = leaf.element if isinstance(leaf, Alias) else leaf
    return str(table.name)
