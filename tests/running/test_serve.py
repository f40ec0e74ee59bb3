"""`make run`, `make demo` and `make user` from the outside: a process that is started, disturbed and stopped."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.core.embedded import EmbeddedServers
from tests.running.support import Serve, alive, ask, command, environment, free_port, until


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """One running installation in a folder with a space; killed at the end, should a test have failed half-way."""
    folder = tmp_path_factory.mktemp("one")
    running = Serve(folder / "my data", folder / "log")
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def test_says_where_it_listens_and_how_to_log_in(serve: Serve) -> None:
    assert serve.answers()
    assert serve.url in serve.output()
    assert "make user" in serve.output()
    assert "make demo" in serve.output()


def test_makes_a_secret_key_for_its_owner_only(serve: Serve) -> None:
    key = serve.data_dir / "secret_key"
    assert len(key.read_text()) >= 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text() not in serve.output()


def test_second_run_on_the_same_data_says_who_runs_it(serve: Serve) -> None:
    second = command("serve", env=environment(serve.data_dir, free_port()))
    assert second.returncode == 1
    assert f"in use by process {serve.process.pid}" in second.stderr
    assert serve.url in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_is_told_before_anything_starts(serve: Serve, tmp_path: Path) -> None:
    second = command("serve", env=environment(tmp_path / "other", serve.port))
    assert second.returncode == 1
    assert f"127.0.0.1:{serve.port}" in second.stderr
    assert f"PORT={serve.port + 1}" in second.stderr
    assert not (tmp_path / "other" / "postgres").exists()


ADMINISTRATOR = {"ADMIN_EMAIL": "eva@example.com", "ADMIN_NAME": "Eva Muster"}


def test_makes_an_administrator_while_running(serve: Serve) -> None:
    env = environment(serve.data_dir, serve.port, **ADMINISTRATOR, ADMIN_PASSWORD="Sieben-Zwerge-77")
    made = command("user", env=env)
    assert made.returncode == 0, made.stderr
    assert "eva.muster" in made.stdout
    assert serve.process.poll() is None


def test_makes_an_administrator_with_servers_for_the_time_being(tmp_path: Path) -> None:
    env = environment(tmp_path, free_port(), **ADMINISTRATOR, ADMIN_PASSWORD="Sieben-Zwerge-77")
    made = command("user", env=env)
    assert made.returncode == 0, made.stderr
    with EmbeddedServers(tmp_path) as servers:  # nobody holds the folder any more, and the administrator is in it
        assert ask(servers.database_url, "SELECT count(*) FROM users") == 1


def test_whatever_is_killed_comes_back(serve: Serve) -> None:
    postmaster = int((serve.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    killed = [
        psutil.Process(postmaster),
        serve.child("valkey"),
        serve.child("app.cli api"),
        serve.child("app.cli worker"),
    ]
    for process in killed:
        process.kill()
    until("four restarts", lambda: serve.output().count("again.") == 4)
    until("answers again", serve.answers)
    assert serve.process.poll() is None


def test_stops_everything_and_keeps_the_data(serve: Serve) -> None:
    family = serve.family()
    assert len(family) > 5
    assert serve.stop(signal.SIGINT) == 0
    assert not [pid for pid in family if alive(pid)]
    assert not serve.answers()
    assert (serve.data_dir / "postgres" / "PG_VERSION").exists()
    assert not (serve.data_dir / "running.json").exists()


def test_killed_supervisor_leaves_no_orphan_and_the_next_start_works(serve: Serve, tmp_path: Path) -> None:
    serve.stop()
    killed = Serve(serve.data_dir, tmp_path / "killed")
    killed.wait_until_ready()
    family = killed.family()
    killed.stop(signal.SIGKILL)
    until("children end", lambda: not [pid for pid in family if alive(pid)], 20)
    with EmbeddedServers(serve.data_dir) as again:
        assert again.database_url


def test_stops_while_it_is_still_starting(tmp_path: Path) -> None:
    starting = Serve(tmp_path / "data", tmp_path / "log")
    until("servers start", (tmp_path / "data" / "running.json").exists)
    family = starting.family()
    assert starting.stop() == 0
    assert not [pid for pid in family if alive(pid)]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Servers that somebody else runs, as far as the product can tell."""
    with EmbeddedServers(tmp_path_factory.mktemp("given"), durable=False) as servers:
        yield servers


def test_uses_given_servers_and_starts_none(given: EmbeddedServers, tmp_path: Path) -> None:
    serve = Serve(tmp_path / "data", tmp_path / "log", DATABASE_URL=given.database_url, REDIS_URL=given.redis_url)
    try:
        serve.wait_until_ready()
        commands = [" ".join(child.cmdline()) for child in psutil.Process(serve.process.pid).children()]
        assert len(commands) == 2, commands
        assert not (serve.data_dir / "postgres").exists()
    finally:
        assert serve.stop() == 0


def test_one_server_without_the_other_is_refused(tmp_path: Path) -> None:
    env = environment(tmp_path, free_port(), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    refused = command("serve", env=env)
    assert refused.returncode == 1
    assert "neither" in refused.stderr
