"""The page about writing an adapter: what it tells a host to put into a file is a test file that passes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from referral_adapters import conformance

PAGE: Final = Path(__file__).parents[3] / "docs" / "how-to" / "write-an-adapter.md"
BLOCKS: Final = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(folder: Path, *blocks: str) -> subprocess.CompletedProcess[str]:
    """Run blocks of the page as a host's test file, strictly, with pytest and nothing plugged into it."""
    (folder / "test_cases.py").write_text("\n\n".join(blocks), encoding="utf-8")
    (folder / "pytest.toml").write_text('[pytest]\nfilterwarnings = ["error"]\nstrict = true\n', encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_cases.py"],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


def test_the_first_two_blocks_are_a_test_file_that_passes(tmp_path: Path) -> None:
    done = run(tmp_path, *BLOCKS[:2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 passed" in done.stdout


def test_an_adapter_that_is_wrong_is_told_by_a_hosts_pytest_what_is(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        BLOCKS[0].replace("kept FROM cases WHERE id = ?", "kept FROM cases WHERE lower(id) = lower(?)"),
        BLOCKS[1],
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 10 passed" in done.stdout
    assert "test_ids_are_taken_to_the_letter" in done.stdout
    assert re.search(r"^E +At index \d+ diff", done.stdout, re.MULTILINE), "assertions tell what they compared"


def test_the_page_lists_every_suite() -> None:
    listed = set(re.findall(r"`(\w+Conformance)` \|", PAGE.read_text(encoding="utf-8")))
    assert listed == {name for name in conformance.__all__ if name.endswith("Conformance")}
