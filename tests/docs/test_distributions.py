"""What is released holds what it should: the wheel both packages whole, the sdist all that the tests need."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME: Final = f"referral_core-{PROJECT['version']}"
PACKAGES: Final = ("referral_core", "referral_adapters")
BESIDE_THE_PACKAGES: Final = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
IN_THE_SDIST: Final = {
    ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "PKG-INFO", "README.md", "constraints.txt", "docs",
    "examples", "noxfile.py", "pyproject.toml", "src", "tests",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both distributions, made from the files as they are."""
    pytest.importorskip("hatchling", reason="comes with the extra `dev`")
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> dict[str, bytes]:
    """Return the files of the wheel."""
    with zipfile.ZipFile(built / f"{NAME}-py3-none-any.whl") as files:
        return {name: files.read(name) for name in files.namelist()}


@pytest.fixture(scope="module")
def metadata(wheel: dict[str, bytes]) -> Message:
    """Return what the wheel says about itself."""
    return BytesParser().parsebytes(wheel[f"{NAME}.dist-info/METADATA"])


def sources() -> dict[str, bytes]:
    """Return every file of both packages, without what Python leaves beside them."""
    files = [path for package in PACKAGES for path in (ROOT / "src" / package).rglob("*") if path.is_file()]
    return {
        path.relative_to(ROOT / "src").as_posix(): path.read_bytes()
        for path in files
        if "__pycache__" not in path.parts
    }


def test_the_wheel_holds_both_packages_and_nothing_else(wheel: dict[str, bytes]) -> None:
    packages = {name: content for name, content in wheel.items() if not name.startswith(f"{NAME}.dist-info/")}
    assert packages == sources()
    assert wheel.keys() - packages.keys() == {f"{NAME}.dist-info/{name}" for name in BESIDE_THE_PACKAGES}


def test_both_packages_say_that_they_are_typed(wheel: dict[str, bytes]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= wheel.keys()


def test_the_wheel_says_under_which_licence_it_comes(wheel: dict[str, bytes], metadata: Message) -> None:
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert wheel[f"{NAME}.dist-info/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert metadata["Author"] == "the referral-core contributors"
    assert b"Copyright (c) 2026 the referral-core contributors" in (ROOT / "LICENSE").read_bytes()


def test_the_wheel_describes_itself_by_the_readme(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_sdist_holds_what_the_tests_need(built: Path) -> None:
    with tarfile.open(built / f"{NAME}.tar.gz") as files:
        names = [Path(name).relative_to(NAME) for name in files.getnames()]
    assert {name.parts[0] for name in names} == IN_THE_SDIST
    assert {f"src/{name}" for name in sources()} <= {name.as_posix() for name in names}
    assert [name for name in names if name.suffix in {".pyc", ".db"} or "__pycache__" in name.parts] == []
