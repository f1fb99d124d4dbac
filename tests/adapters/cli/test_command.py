"""The command as a whole: what cannot be opened, help, and exit statuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from referral_adapters.cli.command import app
from tests.adapters.cli.command_line import FEED, run


class TestWhatCannotBeOpened:
    """All of it is status 2, said in a sentence, before a line is run."""

    def test_a_feed_that_is_not_there(self) -> None:
        result = run("replay", "nowhere.jsonl")
        assert result.exit_code == 2
        assert result.stderr == "The feed nowhere.jsonl cannot be opened: No such file or directory.\n"

    def test_a_feed_that_is_a_folder(self, tmp_path: Path) -> None:
        result = run("replay", tmp_path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Is a directory" in result.stderr

    def test_a_programme_that_is_not_there(self) -> None:
        result = run("replay", FEED, "--programme", "nowhere.toml")
        assert result.exit_code == 2
        assert result.stderr == "The programme nowhere.toml cannot be opened: No such file or directory.\n"

    def test_a_programme_with_faults_names_them_all(self, tmp_path: Path) -> None:
        programme = tmp_path / "faulty.toml"
        programme.write_text('zone = "Nowhere"\ncolour = "red"\n', encoding="utf-8")
        result = run("replay", FEED, "--programme", programme)
        assert result.exit_code == 2
        assert [line.split(":")[0] for line in result.stderr.splitlines()[1:]] == ["  colour", "  zone"]

    @pytest.mark.parametrize(
        "args", [("replay", FEED), ("check", "A123"), ("summary",)], ids=["replay", "check", "summary"]
    )
    def test_a_database_and_its_password_is_not_repeated(self, args: tuple[str | Path, ...]) -> None:
        result = run(*args, "--db", "postgresql://me:secret@host/db")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--db" in result.stderr
        assert result.stderr.count("\n") == 1
        assert "secret" not in result.stderr

    @pytest.mark.parametrize("option", ["--results", "--summary"])
    def test_a_file_in_no_folder(self, option: str, tmp_path: Path) -> None:
        result = run("replay", FEED, option, tmp_path / "nowhere" / "file")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "cannot be written to" in result.stderr

    def test_nothing_is_left_of_the_other_file(self, tmp_path: Path) -> None:
        results = tmp_path / "results.jsonl"
        results.write_text("as before", encoding="utf-8")
        run("replay", FEED, "--results", results, "--summary", tmp_path / "nowhere" / "file")
        assert results.read_text(encoding="utf-8") == "as before"
        assert list(tmp_path.iterdir()) == [results]

    @pytest.mark.parametrize("option", ["--results", "--summary"])
    def test_the_feed_is_never_written_over(self, option: str, edges_before: Path) -> None:
        before = edges_before.read_bytes()
        result = run("replay", edges_before, option, edges_before.parent / "." / edges_before.name)
        assert result.exit_code == 2
        assert f"cannot be the feed and {option} at once" in result.stderr
        assert edges_before.read_bytes() == before

    def test_one_file_is_not_both_results_and_summary(self, tmp_path: Path) -> None:
        result = run("replay", FEED, "--results", tmp_path / "one", "--summary", tmp_path / "one")
        assert result.exit_code == 2
        assert "cannot be --results and --summary at once" in result.stderr

    def test_but_both_may_go_nowhere(self) -> None:
        assert run("replay", FEED, "--results", os.devnull, "--summary", os.devnull).exit_code == 0

    def test_a_blank_code_key(self) -> None:
        result = run("replay", FEED, "--code-key", " ")
        assert (result.exit_code, result.stderr) == (2, "The code key is blank: anybody could guess the codes.\n")


def paths_of(command: Any, *path: str) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - typer has no name for it
    """Yield the words by which a command is called, and those of every command in it."""
    yield path
    if isinstance(command, TyperGroup):
        context: Any = None
        for name in command.list_commands(context):
            yield from paths_of(command.get_command(context, name), *path, name)


class TestHelp:
    @pytest.mark.parametrize(
        "command",
        ["replay", "check", "summary", "explain", "pay", "programme check", "programme show"],
    )
    def test_every_command_has_two_examples_and_its_exit_statuses(self, command: str) -> None:
        result = run(*command.split(), "--help")
        assert result.exit_code == 0
        examples = result.stdout.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
        assert len([line for line in examples if f"referral {command}" in line]) == 2
        assert "Exit status:\n    0 " in result.stdout

    @pytest.mark.parametrize("path", [" ".join(path) for path in paths_of(get_command(app))])
    def test_no_help_is_wider_than_80_columns(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        assert [line for line in run(*path.split(), "--help").stdout.splitlines() if len(line) > 80] == []

    def test_replay_takes_what_the_feed_format_says(self) -> None:
        text = run("replay", "--help").stdout
        for option in (
            "--db URL",
            "--programme FILE",
            "--results FILE",
            "--summary FILE",
            "--code-key TEXT",
            "--strict",
        ):
            assert option in text

    def test_the_commands_are_listed_with_a_whole_sentence(self) -> None:
        commands = run("--help").stdout.partition("Commands:\n")[2].splitlines()
        listed = ["replay", "check", "summary", "explain", "issue-codes", "pay", "erase"]
        grouped = ["programme", "db", "import", "trace", "webhooks"]
        made = ["groups", "codes", "accounts", "sign-ups", "referrals", "contracts", "cases", "grants", "act"]
        assert [line.split()[0] for line in commands] == [*listed, *grouped, *made]
        assert all(line.endswith(".") and not line.endswith("...") for line in commands)

    def test_the_version(self) -> None:
        result = run("--version")
        assert (result.exit_code, result.stdout) == (0, f"referral-core {version('referral-core')}\n")

    def test_a_wrong_option_is_status_2(self) -> None:
        assert run("replay", FEED, "--colour").exit_code == 2

    def test_no_feed_is_status_2(self) -> None:
        result = run("replay")
        assert result.exit_code == 2
        assert "FEED" in result.stderr
