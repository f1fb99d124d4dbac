"""The page of acts says what the declarations say, in words for who uses them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from referral_adapters.cli.acts_app import GROUPS
from referral_core.session import ACTS

LISTING = Path(__file__).parents[2] / "docs" / "list_acts.py"


def listing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_acts", LISTING)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_written_from_the_present_declarations() -> None:
    module = listing()
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/list_acts.py"


def test_every_act_and_every_field_is_there() -> None:
    sections = re.split(r"^### ", listing().page(), flags=re.MULTILINE)[1:]
    told = {each.partition("\n")[0]: re.findall(r"^\| `(\S+)` \|", each, re.MULTILINE) for each in sections}
    assert told == {act.name: [param.wire for param in act.fields] for act in ACTS.values()}


def test_it_is_in_words_for_users() -> None:
    """No ids of rules, no markup of docstrings, nothing of Python."""
    assert re.findall(r"\([A-Z]\d+.*?\)|:[a-z]+:|:raises|``|\bNone\b|\bTrue\b|Refusal", listing().page()) == []


def test_the_page_of_the_command_lists_the_groups() -> None:
    page = (LISTING.parent / "reference" / "command.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `referral (\S+) (\S+)[^`]*` \| `(\S+)` \|$", page, re.MULTILINE)
    assert told == [(group, *pair) for group, (_, members) in GROUPS.items() for pair in members.items()]
