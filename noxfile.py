"""What is done with this project: `nox --list` is the table of contents.

Every session but `lowest` installs what constraints.txt pins. With `--no-venv --no-install` a session runs in the
environment that nox itself runs in, which must then hold the extra `dev`.
"""

from __future__ import annotations

import re
import shutil
from itertools import chain
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True
nox.options.sessions = ["tests", "lint", "types", "imports", "docs"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PINNED = ("-c", "constraints.txt")
COVERED = {"referral_core": 100, "referral_adapters": 95}
"""The least share of lines and branches that the tests run, in percent, of each package."""


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test, doctest and page example, measured; arguments go to pytest, and then nothing is measured."""
    session.install(*PINNED, "-e", ".[test]")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("pytest", "-n", "auto", "--cov", "--cov-report=")
    report_coverage(session)


@nox.session
def coverage(session: nox.Session) -> None:
    """Hold what the last measured test run covered against the bounds, core and adapters apart."""
    session.install(*PINNED, "-e", ".[test]")
    report_coverage(session)


def report_coverage(session: nox.Session) -> None:
    """Print one report for each package and fail when any is below its bound, after printing all."""
    for package in COVERED:
        session.run("coverage", "report", f"--include=*/{package}/*")
    for package, bound in COVERED.items():
        session.run(
            "coverage", "report", f"--include=*/{package}/*", f"--fail-under={bound}", "--format=total", silent=True
        )


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff, and look for dead code with vulture."""
    session.install(*PINNED, "-e", ".[lint]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("vulture")


@nox.session
def types(session: nox.Session) -> None:
    """Check all types with mypy, strictly: sources, tests, examples and this file."""
    session.install(*PINNED, "-e", ".[lint,test]", "nox")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Prove that imports point down only and that the core stands alone."""
    session.install(*PINNED, "-e", ".[lint]")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning is an error."""
    session.install(*PINNED, "-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests on the lowest versions that pyproject.toml admits."""
    bounds = Path(session.create_tmp()) / "lowest.txt"
    bounds.write_text(
        "".join(
            f"{pin}\n"
            for pin in lowest_versions(
                "cli", "client", "http", "metrics", "names", "parquet", "portal", "qr", "sql", "test"
            )
        ),
        encoding="utf-8",
    )
    session.install("-c", str(bounds), "-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


def lowest_versions(*extras: str) -> list[str]:
    """Return the lower bound of every requirement of the project and of some of its extras, as exact pins."""
    project = PYPROJECT["project"]
    declared = chain(project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras))
    requirements = [Requirement(line) for line in declared]
    return [
        f"{requirement.name}=={bound.version}"
        for requirement in requirements
        for bound in requirement.specifier
        if bound.operator == ">="
    ]


@nox.session
def wheel(session: nox.Session) -> None:
    """Build wheel and sdist, examine what they hold, and run the core's tests on the wheel, away from the sources."""
    away = Path(session.create_tmp()).resolve()
    dist, outside = away / "dist", away / "outside"
    for folder in (dist, outside):
        shutil.rmtree(folder, ignore_errors=True)
    session.install(*PINNED, "hatchling")
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(dist), ".")
    (built,) = dist.glob("*.whl")
    session.install(*PINNED, "--force-reinstall", "--no-deps", str(built))
    session.install(*PINNED, f"{built}[test]")
    session.run("pytest", "tests/docs/test_distributions.py")
    shutil.copytree(ROOT / "tests", outside / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", outside)
    session.chdir(outside)
    session.run("pytest", "-n", "auto", "tests/core", *session.posargs)
    session.run("referral", "--help", silent=True)


@nox.session
def examples(session: nox.Session) -> None:
    """Run every example under examples/ and hold what comes of it against what the example says."""
    session.install(*PINNED, "-e", ".[test]")
    session.run("pytest", "tests/examples", *session.posargs)


@nox.session
def stories(session: nox.Session) -> None:
    """Click through the portal's stories in a Chromium, on a phone and at a desk, and have axe look at every page."""
    session.install(*PINNED, "-e", ".[test]")
    env = {"REFERRAL_PICTURES": "1"}
    session.run("pytest", "-m", "long or not long", "tests/examples/portal", *session.posargs, env=env)


@nox.session
def kills(session: nox.Session) -> None:
    """Kill and stop whatever writes, over and over, at every statement of an act too; takes most of an hour."""
    session.install(*PINNED, "-e", ".[test]")
    for env, files in (
        ({"REFERRAL_KILLS": "200"}, ["test_whole_acts.py"]),
        ({"REFERRAL_KILLS": "75"}, ["sql/test_killed.py", "launch/test_killed.py"]),
        ({"REFERRAL_STOPS": "14"}, ["sql/test_stopped.py"]),
    ):
        session.run("pytest", *(f"tests/adapters/{file}" for file in files), *session.posargs, env=env)


@nox.session
def races(session: nox.Session) -> None:
    """Have every pair of acts that must not both win race by the thousand, on both engines; takes most of an hour."""
    session.install(*PINNED, "-e", ".[test]")
    env = {"REFERRAL_RACES": "2000"}
    session.run("pytest", "tests/adapters/sql/test_duels.py", *session.posargs, env=env)
    env = {"REFERRAL_RACES": "200", "REFERRAL_OUTBOX_ROWS": "500"}
    files = ["tests/adapters/sql/test_unit_of_work.py", "tests/adapters/sql/test_outbox.py"]
    session.run("pytest", *files, *session.posargs, env=env)


@nox.session
def twins(session: nox.Session) -> None:
    """Tell random stories to memory and a database at once, and a year of thousands of accounts; takes a while."""
    session.install(*PINNED, "-e", ".[test]")
    env = {"REFERRAL_TWINS": "150", "REFERRAL_YEAR": "2000", "REFERRAL_LATE_FEEDS": "200"}
    files = ["tests/adapters/sql/test_stateful.py", "tests/adapters/sql/test_twin.py", "tests/examples/test_year.py"]
    session.run("pytest", "--hypothesis-profile=search", *files, *session.posargs, env=env)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Make up requests from the OpenAPI document, for every role, and bad lines of a feed; takes a while."""
    session.install(*PINNED, "-e", ".[test]")
    many = {"REFERRAL_FUZZ": "40", "REFERRAL_HOSTILE": "20000", "REFERRAL_BAD_LINES": "200000"}
    files = ["tests/http/test_fuzz.py", "tests/http/test_hostile.py", "tests/feed/test_bad_lines.py"]
    session.run("pytest", *files, *session.posargs, env=many)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure: every benchmark in tests/bench prints subject, floor, ratio and target; none fails on a time."""
    session.install(*PINNED, "-e", ".[test]")
    for script in sorted(Path("tests/bench").glob("bench_*.py")):
        session.run("python", str(script), *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Break the core's laws one by one and list every break that no test noticed."""
    session.install(*PINNED, "-e", ".[test]", "mutmut")
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")


@nox.session(reuse_venv=False)
def constraints(session: nox.Session) -> None:
    """Write constraints.txt anew, from the newest versions that pyproject.toml admits."""
    session.install("-e", ".[dev]")
    frozen = session.run("python", "-m", "pip", "freeze", "--exclude-editable", silent=True)
    pins = [line for line in str(frozen).splitlines() if re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)]
    header = "# Exact versions of all that `.[dev]` installs. Written by `nox -s constraints`.\n"
    (ROOT / "constraints.txt").write_text(header + "".join(f"{pin}\n" for pin in pins), encoding="utf-8")
