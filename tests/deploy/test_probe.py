"""Whether a process hangs is asked often and cheaply, and whoever has given no sign for long can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.env import BASE_DIR


def probe(place: Path, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "deploy/probe.py", "--alive", *more],
        cwd=BASE_DIR,
        env={"SIGN_OF_LIFE": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def make_old(place: Path) -> None:
    long_ago = time.time() - 200
    os.utime(place, (long_ago, long_ago))


def test_a_young_sign_is_good_an_old_one_and_none_are_not(tmp_path: Path) -> None:
    place = tmp_path / "sign"
    assert "no sign of life yet" in probe(place)[1]
    assert probe(place)[0] == 1
    place.write_text("1\n")
    assert probe(place) == (0, "")
    make_old(place)
    assert probe(place) == (1, "the last sign of life is 200 s old\n")


def test_who_has_given_no_sign_for_long_is_ended_and_who_starts_is_not(tmp_path: Path) -> None:
    place = tmp_path / "sign"
    assert probe(place, "--or-end")[0] == 1
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as hangs:
        try:
            place.write_text(f"{hangs.pid}\n")
            assert probe(place, "--or-end") == (0, "")
            assert hangs.poll() is None
            make_old(place)
            assert probe(place, "--or-end")[0] == 1
            assert hangs.wait(10) == -signal.SIGKILL
        finally:
            hangs.kill()


@pytest.mark.parametrize("words", ["", "no number"])
def test_a_sign_that_names_nobody_ends_nobody(tmp_path: Path, words: str) -> None:
    place = tmp_path / "sign"
    place.write_text(words)
    make_old(place)
    code, said = probe(place, "--or-end")
    assert code == 1
    assert "nothing is ended" in said
