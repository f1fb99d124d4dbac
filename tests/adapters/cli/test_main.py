"""The start of the command: its version, what is missing, streams that are closed."""

from __future__ import annotations

import runpy
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from referral_adapters.cli import main
from tests.adapters.cli.command_line import FEED


class TestMain:
    def main(self, monkeypatch: pytest.MonkeyPatch, *args: str) -> object:
        monkeypatch.setattr("sys.argv", ["referral", *args])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("referral_adapters.cli", run_name="__main__", alter_sys=True)
        return ended.value.code

    def test_the_module_is_the_command(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.main(monkeypatch, "--version") == 0
        assert capsys.readouterr().out == f"referral-core {version('referral-core')}\n"

    def test_from_sources_that_are_not_installed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def unknown(name: str) -> str:
            raise PackageNotFoundError(name)

        monkeypatch.setattr("importlib.metadata.version", unknown)
        assert self.main(monkeypatch, "--version") == 0
        assert capsys.readouterr().out == "referral-core, not installed\n"

    def test_what_is_missing_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "typer", None)
        monkeypatch.delitem(sys.modules, "referral_adapters.cli.command", raising=False)
        assert self.main(monkeypatch, "replay", str(FEED)) == (
            "The command needs typer: install referral-core with its extra 'cli'."
        )

    def test_another_missing_module_is_a_defect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "referral_adapters.cli.replay_command", None)
        monkeypatch.delattr("referral_adapters.cli.replay_command", raising=False)
        monkeypatch.setattr("sys.argv", ["referral", "replay", str(FEED)])
        with pytest.raises(ImportError, match="replay_command"):
            main()

    def test_streams_that_are_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdout", None)
        assert self.main(monkeypatch, "--version") == 0
        sys.stdout.close()
