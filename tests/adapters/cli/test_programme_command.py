"""``referral programme``: faults by name, and settings in effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.cli.command_line import run


class TestProgramme:
    def written(self, tmp_path: Path, text: str) -> Path:
        path = tmp_path / "programme.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_fine_one(self, tmp_path: Path) -> None:
        result = run("programme", "check", self.written(tmp_path, 'name = "Solar"\nlanguages = ["et"]\n'))
        said = "fine: Solar, 1 product, 1 segment, 3 channels, 3 groups, 1 language\n"
        assert (result.exit_code, result.stdout) == (0, said)

    @pytest.mark.rule("P1")
    def test_every_fault_on_a_line_of_its_own(self, tmp_path: Path) -> None:
        result = run("programme", "check", self.written(tmp_path, 'zone = "Nowhere"\ncolour = "red"\nproducts = []\n'))
        assert result.exit_code == 1
        assert {"colour", "zone", "products"} <= {line.split(":")[0] for line in result.stdout.splitlines()}

    def test_one_that_is_not_there(self) -> None:
        result = run("programme", "check", "nowhere.toml")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "The programme nowhere.toml cannot be opened: No such file or directory.\n"

    def test_the_household_programme_is_shown_when_none_is_named(self) -> None:
        result = run("programme", "show")
        rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line[:1].isalpha())
        assert result.exit_code == 0
        assert rows["zone"].strip() == "Europe/Tallinn"
        assert rows["products"].strip() == "electricity"
        assert rows["keeping_products"].strip() == "electricity, gas"
        assert rows["existing_customer_products"].strip() == "every product"
        assert rows["returning_after"].strip() == "never"
        assert rows["pay_ended_referrer"].strip() == "true"
        assert rows["referee_groups"].strip() == "channel self-service: referee-self-service"
        assert "*" not in result.stdout

    def test_what_was_changed_is_marked(self, tmp_path: Path) -> None:
        text = """
            returning_after = "P1Y6M"
            blocking_channels = []
            [[groups]]
            id = "referrer"
            side = "referrer"
            name = "Friends"
            [[groups]]
            id = "referee-manual"
            side = "referee"
            [[referee_groups]]
            group = "referee-manual"
        """
        result = run("programme", "show", self.written(tmp_path, text))
        changed = {
            line.split(" *")[0]: line.split(" *")[1].strip() for line in result.stdout.splitlines() if " *" in line
        }
        assert changed == {
            "groups": 'referrer: referrer, called "Friends"',
            "referee_groups": "everything else: referee-manual",
            "returning_after": "P1Y6M",
            "blocking_channels": "none",
        }
        assert result.stdout.endswith("* not as in the household programme\n")

    def test_one_with_faults_is_not_shown(self, tmp_path: Path) -> None:
        result = run("programme", "show", self.written(tmp_path, "products = 1\n"))
        assert (result.exit_code, result.stdout) == (2, "")
