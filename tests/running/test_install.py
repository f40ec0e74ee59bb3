"""The two commands in a fresh clone, from nothing: installs, runs, starts warm. Takes minutes and the package index."""

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.running.support import ROOT, alive, environment, free_port, until

pytestmark = pytest.mark.slow
INSTALL_SECONDS = 600.0


def ordinary_user() -> dict[str, Any]:
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def fresh_clone(folder: Path) -> Path:
    clone = folder / "a clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    return clone


def make_run(clone: Path, env: dict[str, str], **account: Any) -> tuple[float, str]:
    """`make run` until ready, then SIGTERM to make: seconds until ready and the output. Leaves no process."""
    log = clone / ".log"
    began = time.monotonic()
    with log.open("w") as output:
        make = subprocess.Popen(["make", "run"], cwd=clone, env=env, stdout=output, stderr=output, **account)
    until("ready", lambda: "Leadwerk runs at" in log.read_text() or make.poll() is not None, INSTALL_SECONDS)
    seconds = time.monotonic() - began
    family = [child.pid for child in psutil.Process(make.pid).children(recursive=True)]
    make.send_signal(signal.SIGTERM)
    make.wait(60)
    until("all processes end", lambda: not [pid for pid in family if alive(pid)], 30)
    return seconds, log.read_text()


def test_a_fresh_clone_runs_and_starts_warm_within_five_seconds(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    clone = fresh_clone(tmp_path)
    env = environment(Path(".data"), free_port())
    _, output = make_run(clone, env)
    assert "Leadwerk runs at" in output, output
    assert (clone / ".data" / "secret_key").exists()
    seconds, output = make_run(clone, env)
    assert "installing" not in output
    assert seconds < 5, output


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Unlike tmp_path, a folder that other accounts may pass through."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_whose_home_cannot_be_read(reachable: Path) -> None:
    account = ordinary_user()
    clone = fresh_clone(reachable)
    subprocess.run(["chown", "-R", str(account["user"]), str(clone)], check=True)
    env = environment(
        Path(".data"), free_port(), HOME="/root", PATH="/usr/local/bin:/usr/bin:/bin", PIP_NO_CACHE_DIR="1"
    )
    if subprocess.run(["python3.11", "-c", ""], env=env, check=False, **account).returncode != 0:
        pytest.skip("no Python 3.11 that an ordinary user can run")
    _, output = make_run(clone, env, **account)
    assert "Leadwerk runs at" in output, output
    assert (clone / ".data").stat().st_uid == account["user"]


def test_other_pythons_are_refused_in_a_sentence(tmp_path: Path) -> None:
    clone = fresh_clone(tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "cmp", "dirname", "make", "rm", "cp"):
        found = subprocess.run(["which", tool], check=True, capture_output=True, text=True).stdout.strip()
        (tmp_path / "bin" / tool).symlink_to(found)
    env = environment(Path(".data"), free_port(), PATH=str(tmp_path / "bin"))
    refused = subprocess.run(["make", "run"], cwd=clone, env=env, check=False, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "Python 3.11 is needed" in refused.stderr
