"""What the project's own files promise about each other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parent.parent.parent
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN: Final = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.+!]+)")
WHERE_PACKAGES_COME_FROM: Final = re.compile(
    r"index[-_]url|find[-_]links|^registry ?=|https?://[^ ]*/simple\b|pypi[.]org|pythonhosted[.]org|npmjs[.]"
)
THE_CORE_MAY_IMPORT: Final = {"attr", "attrs", "dateutil", "referral_core", *sys.stdlib_module_names}
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def read(path: str) -> str:
    """Return the text of one of the project's files."""
    return (ROOT / path).read_text(encoding="utf-8")


def pinned() -> dict[str, str]:
    """Return the version that constraints.txt gives to each package."""
    found = PIN.finditer(read("constraints.txt"))
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found}


def brought_by(line: str) -> set[str]:
    """Return the packages that a requirement brings into this environment, as far as they are installed here."""
    found, todo = set[tuple[str, str]](), [(Requirement(line), "")]
    while todo:
        requirement, asked_by = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked_by}):
            continue
        new = {(canonicalize_name(requirement.name), extra) for extra in ("", *requirement.extras)} - found
        found |= new
        todo += [(Requirement(below), extra) for name, extra in new for below in requirements_of(name)]
    return {name for name, _ in found}


def requirements_of(name: str) -> list[str]:
    """Return what an installed package says it needs, nothing of one that is not installed."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def installed(name: str) -> str | None:
    """Return the version of a package in this environment, ``None`` when it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def test_no_file_tells_where_packages_come_from() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    told = [
        f"{path}:{number}: {line}"
        for path in filter(None, listed.stdout.split("\0"))
        if (ROOT / path).is_file()
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if WHERE_PACKAGES_COME_FROM.search(line)
    ]
    assert told == []


def test_constraints_are_exact_pins_and_nothing_else() -> None:
    lines = [line for line in read("constraints.txt").splitlines() if not line.startswith("# ")]
    assert [line for line in lines if not PIN.fullmatch(line)] == []


def test_pins_are_versions_that_the_project_admits() -> None:
    extras = PROJECT["optional-dependencies"].values()
    declared = [Requirement(line) for lines in (PROJECT["dependencies"], *extras) for line in lines]
    pins = pinned()
    assert [
        str(requirement)
        for requirement in declared
        if requirement.name != PROJECT["name"]
        and not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ] == []


def test_everything_that_the_extras_install_is_pinned() -> None:
    brought, pins = brought_by(f"{PROJECT['name']}[dev]") - {PROJECT["name"]}, pinned()
    if any(installed(name) not in {None, pins[name]} for name in brought & pins.keys()):
        pytest.skip("this environment was not made from constraints.txt")
    assert sorted(brought - pins.keys()) == []


def test_the_core_stands_on_attrs_and_dateutil_alone() -> None:
    files = sorted((ROOT / "src" / "referral_core").rglob("*.py"))
    trees = [ast.walk(ast.parse(file.read_text(encoding="utf-8"))) for file in files]
    nodes = [node for tree in trees for node in tree]
    imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} - THE_CORE_MAY_IMPORT == set()


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\]", read("CHANGELOG.md"), re.MULTILINE)


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", read("README.md"), re.MULTILINE | re.DOTALL)
    first, second, *_ = [*blocks, "", ""]
    assert "referral " in first
    assert "constraints.txt" in second
    assert "pytest" in second


def folders(*roots: str) -> set[str]:
    """Return the folders right below others, without what tools leave there."""
    found = (path for root in roots for path in (ROOT / root).iterdir() if path.is_dir())
    return {str(path.relative_to(ROOT)) for path in found if not path.name.startswith(("_", "."))}


def test_the_map_of_the_house_is_complete() -> None:
    text = read("CONTRIBUTING.md").partition("## The map of the house")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z0-9_./-]+)`", " ".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))))
    rooms = folders(
        "src/referral_core", "src/referral_adapters", "src/referral_adapters/http", "tests", "examples", "docs"
    )
    inside_http = {room for room in rooms if room.startswith("src/referral_adapters/http/")} - named
    assert inside_http <= {f"src/referral_adapters/http/{room}" for room in ("models", "routes")}
    assert rooms - inside_http - named == set()
    assert [name for name in named if not (ROOT / name).is_dir()] == []


def test_contributing_names_files_that_exist() -> None:
    named = re.findall(r"`((?:src|tests|docs|examples)/[a-z0-9_./-]+)`", read("CONTRIBUTING.md"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def linked(page: str) -> set[str]:
    """Return the files that a page links to, relative to the project's root."""
    targets = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+\.md)", read(page))
    return {str((ROOT / page).parent.joinpath(target).resolve().relative_to(ROOT)) for target in targets}


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_lists_of_pages_are_complete(page: str) -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")}
    below = {path for path in there if path.startswith("docs/reference/api/")} - {"docs/reference/api/index.md"}
    assert there - below - {"docs/index.md"} == {target for target in linked(page) if target.startswith("docs/")}


def test_the_page_about_installing_explains_every_extra() -> None:
    named = re.findall(r"^\| (`.*?) \|", read("docs/how-to/install.md"), re.MULTILINE)
    assert sorted(re.findall(r"`([a-z]+)`", " ".join(named))) == sorted(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "how-to"], ids=lambda page: page.name)
def test_every_guide_says_how_to_install_what_it_needs(page: Path) -> None:
    if page.name not in {"install.md", "see-it-in-a-portal.md"}:  # the one itself, and the one that begins with a clone
        head = page.read_text(encoding="utf-8").partition("\n## ")[0]
        (needed,) = re.findall(r"\[installation\]\(install\.md\)[^.;]*", head)
        assert set(re.findall(r"`([a-z]+)`", needed)) - {"pytest"} <= PROJECT["optional-dependencies"].keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_point_at_files_and_sessions_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []
    sessions = set(re.findall(r"nox -s ([a-z_]+)", text))
    assert sessions - set(re.findall(r"^def ([a-z_]+)\(session", read("noxfile.py"), re.MULTILINE)) == set()
