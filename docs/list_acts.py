"""Write the page of all acts from their declarations.

Run ``python docs/list_acts.py`` after a change to an act; a test fails while the page is out of date.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from referral_adapters.cli.act_command import default_of, example_of, is_carried, words_of
from referral_adapters.cli.acts_app import GROUPS
from referral_core.acts import Act, Param
from referral_core.entities.actor import Role
from referral_core.session import ACTS

PAGE = Path(__file__).parent / "reference" / "acts.md"
INTRODUCTION = """# Acts

<!-- Written by docs/list_acts.py from the declarations in the code. -->

Everything that can be asked of the library is an act. An act has one name everywhere: in a [feed](feed.md), in the
trace, and on the [command line](command.md#acts), where `referral act NAME` performs any of them. Each section below
names the least role, the fields, and the [reasons](reasons.md) of refusals. Besides these, `reason-missing` refuses a
person without a reason where one is required, and `not-allowed` an actor without permission.

Roles, from the least to the greatest: customer, agent, supervisor, administrator, system. An act that *reads* changes
nothing, and can be answered as it was known at an earlier moment. The names of fields are those of feeds and HTTP; on
the command line they are options, with hyphens for underscores.
"""
TITLES = {
    "code": "Codes",
    "sharing": "Sharing",
    "account": "Accounts",
    "contract": "Contracts",
    "sign-up": "Sign-ups",
    "case": "Cases",
    "group": "Groups",
    "amount": "Amounts",
    "referral": "Referrals",
    "grant": "Grants",
    "bill": "Bills",
    "discount": "Discounts",
    "termination-fee": "Termination fees",
    "customer": "Customers",
    "trace": "The trace",
}


def noun_of(act: Act[Any]) -> str:
    """Return what stands before the point in an act's name."""
    return act.name.partition(".")[0]


def literal(act: Act[Any], name: str) -> str:
    """Return how the page writes an argument or a value."""
    return f"`{act.params[name].wire if name in act.params else name}`"


def section(act: Act[Any]) -> Iterator[str]:
    """Yield the lines about an act."""
    words = words_of(act, literal)
    yield f"### {act.name}\n"
    yield from map(paragraph, (words.summary, *words.details, f"{'; '.join(facts(act))}."))
    if act.fields:
        yield "| field | kind | if left out | what it says |\n| --- | --- | --- | --- |"
        yield from (row(act, param) for param in act.fields)
        yield ""
    if words.reasons:
        yield paragraph(f"Refused with {', '.join(f'`{reason}`' for reason in words.reasons)}.")
    commands = [*called(act)]
    if commands:
        yield paragraph(f"On the command line also {', '.join(f'`referral {each}`' for each in commands)}.")


def paragraph(text: str) -> str:
    """Return the lines of a paragraph, and an empty one."""
    return textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False) + "\n"


def facts(act: Act[Any]) -> Iterator[str]:
    """Yield the least role of an act, whether it changes anything, and the doors it has."""
    yield f"**{act.least.value}**" + ("" if act.least is Role.SYSTEM else " or above")
    yield "reads" if act.reads else "changes"
    if act.manual:
        names = [] if act.manual is True else [f"`{act.params[name].wire}`" for name in act.manual]
        yield f"a person must give a reason{' with ' + ' or '.join(names) if names else ''}"
    if act.feed:
        yield "also in feeds"
    if act.channels:
        yield "also for distributors, in their channels"
    if not is_carried(act):
        yield "for programs only, not on the command line"


def row(act: Act[Any], param: Param) -> str:
    """Return the row of a field."""
    default = "required" if param.required else f"`{value}`" if (value := default_of(param)) else "–"
    example = example_of(param)
    about = param.kind.doc or words_of(act, literal).sentence_with(literal(act, param.name))
    shown = f" As `{example}`." if example else ""
    return f"| `{param.wire}` | {param.kind.name} | {default} | {about}{shown} |".replace("  ", " ")


def called(act: Act[Any]) -> Iterator[str]:
    """Yield the commands of groups that are this act."""
    for group, (_, commands) in GROUPS.items():
        yield from (f"{group} {command}" for command, name in commands.items() if name == act.name)


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    nouns = [*dict.fromkeys([*TITLES, *map(noun_of, ACTS.values())])]
    acts = sorted(ACTS.values(), key=lambda act: (nouns.index(noun_of(act)), act.name))
    for noun, members in groupby(acts, noun_of):
        parts.append(f"## {TITLES.get(noun, noun.capitalize())}\n")
        parts += [line for act in members for line in section(act)]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
