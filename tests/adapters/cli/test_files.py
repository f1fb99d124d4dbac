"""Files that commands read and write: whole or not at all, and feeds that break off."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from referral_adapters.cli.exit_status import CommandFailed
from referral_adapters.cli.feed_replay import run_feed
from referral_adapters.cli.files import AtomicFile, FeedSource
from tests.adapters.cli.terminal import a_runner


class TestAtomicFile:
    def test_it_appears_when_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        with AtomicFile(path, "It") as file:
            file.write(b"all of it")
            assert not path.exists()
            file.commit()
        assert path.read_bytes() == b"all of it"
        assert list(tmp_path.iterdir()) == [path]

    def test_what_stood_there_stays_when_it_is_not(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        with AtomicFile(path, "It") as file:
            file.write(b"half of")
        assert path.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [path]

    def test_permissions_stay(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        path.chmod(0o640)
        with AtomicFile(path, "It") as file:
            file.commit()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "file")
        with AtomicFile(tmp_path / "link", "It") as file:
            file.commit()
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").exists()

    def test_a_device_is_written_to_and_never_replaced(self) -> None:
        with AtomicFile(Path(os.devnull), "It") as file:
            file.write(b"away")
            file.commit()
        assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)

    def test_a_pipe_under_the_name_of_its_descriptor(self) -> None:
        reading, writing = os.pipe()
        with AtomicFile(Path(f"/dev/fd/{writing}"), "It") as file:
            file.write(b"through")
            file.commit()
        os.close(writing)
        assert os.read(reading, 100) == b"through"
        os.close(reading)

    def test_a_full_disk(self) -> None:
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("this system has no /dev/full")
        with AtomicFile(full, "It") as file:
            file.write(b"little")
            with pytest.raises(CommandFailed, match="It cannot be written to /dev/full: No space left on device"):
                file.commit()
            with pytest.raises(CommandFailed, match="No space left"):
                file.write(b"much" * 100_000)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="Is a directory"):
            AtomicFile(tmp_path, "It")

    def test_a_file_that_is_not_to_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests may be allowed everything
        with pytest.raises(CommandFailed, match="Permission denied"):
            AtomicFile(path, "It")


class TestFeedSource:
    def test_standard_input_that_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", None)
        with pytest.raises(CommandFailed, match="The feed from standard input cannot be opened: it is closed"):
            FeedSource("-")

    def test_a_feed_that_breaks_off(self) -> None:
        broken = Path("/proc/self/mem")
        if not broken.exists():
            pytest.skip("this system has no file that can be opened and not read")
        with pytest.raises(CommandFailed, match="mem cannot be read to its end: Input/output error") as failed:
            run_feed(str(broken), a_runner())
        assert failed.value.status == 2
