"""The embedded servers: set up, private, several at once, and back after everything that can end them."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from app.core.embedded import DataDirInUse, EmbeddedServers, secret_file
from app.core.processes import ServerFailed
from tests.running.support import alive, ask, until


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Below a folder that is closed to others, with a space and an umlaut in the path."""
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    with EmbeddedServers(closed / "my dätä", durable=False) as started:
        yield started


def main_processes(servers: EmbeddedServers) -> list[psutil.Process]:
    """The postmaster and Valkey of these servers."""
    postmaster = int((servers.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    port = servers.redis_url.rpartition(":")[2].partition("/")[0]
    children = psutil.Process().children()
    return [p for p in children if p.pid == postmaster or (p.cmdline() or [""])[-1].endswith(f":{port}")]


def test_brings_postgresql_18_with_the_settings_that_queries_rely_on(servers: EmbeddedServers) -> None:
    assert str(ask(servers.database_url, "SHOW server_version")).startswith("18.")
    assert ask(servers.database_url, "SHOW timezone") == "UTC"
    assert ask(servers.database_url, "SHOW jit") == "off"
    assert ask(servers.database_url, "SELECT lower('ÄÖÜ')") == "äöü"
    assert ask(servers.database_url, "SHOW server_encoding") == "UTF8"


def test_trigrams_take_umlauts_for_letters(servers: EmbeddedServers) -> None:
    ask(servers.database_url, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert ask(servers.database_url, "SELECT cardinality(show_trgm('müller'))") == 7  # 8 when the ü splits it


def test_valkey_answers_and_keeps_nothing_on_disk(servers: EmbeddedServers) -> None:
    client = redis.Redis.from_url(servers.redis_url)
    assert client.set("a", "1")
    assert client.config_get("save") == {"save": ""}
    client.close()


def test_without_the_password_nobody_gets_in(servers: EmbeddedServers) -> None:
    _, _, address = servers.database_url.rpartition("@")
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(f"postgresql://leadwerk:wrong@{address}", "SELECT 1")
    _, _, address = servers.redis_url.rpartition("@")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://{address}").ping()


def test_secrets_are_for_the_owner_only(servers: EmbeddedServers) -> None:
    assert stat.S_IMODE(servers.data_dir.stat().st_mode) == 0o700
    for name in ("server_password", "running.json", "postgres.log"):
        assert stat.S_IMODE((servers.data_dir / name).stat().st_mode) == 0o600, name
    password = secret_file(servers.data_dir / "server_password")
    arguments = [" ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)]
    assert not [line for line in arguments if password in line]


def test_leaves_the_mode_of_folders_above_alone(servers: EmbeddedServers) -> None:
    assert stat.S_IMODE(servers.data_dir.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another account")
def test_servers_of_root_run_under_another_account(servers: EmbeddedServers) -> None:
    started = main_processes(servers)
    assert len(started) == 2
    assert all(process.uids().effective != 0 for process in started)


def test_second_start_on_the_same_data_says_who_has_it(servers: EmbeddedServers) -> None:
    with pytest.raises(DataDirInUse, match=f"process {os.getpid()}"):
        EmbeddedServers(servers.data_dir).start()


def test_killed_servers_come_back_on_the_same_address_with_their_data(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path) as servers:
        addresses = servers.database_url, servers.redis_url
        ask(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS n")
        for process in main_processes(servers):
            process.kill()
            process.wait()
        assert servers.restart_dead() == ["PostgreSQL", "Valkey"]
        assert (servers.database_url, servers.redis_url) == addresses
        assert ask(servers.database_url, "SELECT n FROM kept") == 1
        assert redis.Redis.from_url(servers.redis_url).ping()
        assert servers.restart_dead() == []


OWNER = """
import sys, time
from pathlib import Path
from app.core.embedded import EmbeddedServers
EmbeddedServers(Path(sys.argv[1]), durable=False).start()
print("up", flush=True)
time.sleep(100)
"""


def test_several_ends_of_one_data_folder(tmp_path: Path) -> None:
    """Killed owner, stale files, a torn first set-up: each is followed by a start that works, and keeps the data."""
    data_dir = tmp_path / "data"
    (data_dir / "postgres.new").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE)
    assert owner.stdout
    assert owner.stdout.readline() == b"up\n"
    children = [child.pid for child in psutil.Process(owner.pid).children(recursive=True)]
    assert len(children) > 3
    owner.kill()
    owner.communicate()

    with EmbeddedServers(data_dir, durable=False) as servers:  # while the old ones are perhaps still going
        ask(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS n")
        until("children of the killed owner end", lambda: not any(map(alive, children)), 20)

    other = os.getpid()  # alive, and not PostgreSQL
    lock_file = f"{other}\n{data_dir / 'postgres'}\n1\n5432\n\n127.0.0.1\n  1 1\nready   \n"
    (data_dir / "postgres" / "postmaster.pid").write_text(lock_file)
    (data_dir / "running.json").write_text("{")
    with EmbeddedServers(data_dir) as servers:
        assert ask(servers.database_url, "SELECT n FROM kept") == 1
    assert not (data_dir / "running.json").exists()

    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerFailed, match="made by PostgreSQL 17"):
        EmbeddedServers(data_dir).start()


def test_two_at_once_do_not_disturb_each_other(servers: EmbeddedServers, tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path, durable=False) as second:
        assert ask(second.database_url, "SELECT 1") == ask(servers.database_url, "SELECT 1") == 1
        assert second.database_url != servers.database_url


def test_failed_start_says_what_the_server_said(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path, durable=False):
        pass
    (tmp_path / "postgres" / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServerFailed, match="no_such_setting"):
        EmbeddedServers(tmp_path).start()
    (tmp_path / "postgres" / "postgresql.auto.conf").write_text("")
    with EmbeddedServers(tmp_path) as again:  # and has given the folder back
        assert ask(again.database_url, "SHOW fsync") == "on"


def test_stop_leaves_no_process(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path, durable=False) as servers:
        main = main_processes(servers)
        ours = [p.pid for process in main for p in [process, *process.children(recursive=True)]]
    assert len(main) == 2
    assert not [pid for pid in ours if alive(pid)]
