"""Settings and servers that are refused, each in a sentence."""

import os
import socket
from pathlib import Path

import pytest

from app.installation import CannotRun, check_address_is_free, local_url, use_readable_home
from app.preflight import check_postgres, check_redis, check_version
from app.settings import Settings
from tests.running.support import command, environment, free_port


def test_postgresql_14_is_refused() -> None:
    with pytest.raises(CannotRun, match="PostgreSQL 14; Leadwerk needs 15"):
        check_version(14)
    check_version(15)


def test_unreachable_servers_are_told_in_a_sentence() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(CannotRun, match="Cannot connect to PostgreSQL"):
            check_postgres(f"postgresql://nobody@{address}/none")
        with pytest.raises(CannotRun, match="Cannot connect to Redis"):
            check_redis(f"redis://{address}")


def test_wrong_settings_are_named_without_a_traceback(tmp_path: Path) -> None:
    wrong = {"PORT": "0", "DATABASE_POOL": "many"}
    refused = command("serve", env=environment(tmp_path, free_port()) | wrong)
    assert refused.returncode == 1
    assert refused.stderr.startswith("leadwerk: ")
    assert "PORT" in refused.stderr
    assert "DATABASE_POOL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_production_refuses_the_placeholder_secret(tmp_path: Path) -> None:
    refused = command("serve", env=environment(tmp_path, free_port()) | {"ENVIRONMENT": "production"})
    assert refused.returncode == 1
    assert "SECRET_KEY" in refused.stderr


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(CannotRun, match="cannot be used"):
        check_address_is_free(Settings(host="192.0.2.1", port=free_port()))


def test_local_url_of_every_address() -> None:
    assert local_url(Settings(host="0.0.0.0", port=18000)) == "http://127.0.0.1:18000"
    assert local_url(Settings(host="::1", port=18000)) == "http://[::1]:18000"


def test_containers_bring_no_servers(tmp_path: Path) -> None:
    refused = command("api", env=environment(tmp_path, free_port()))
    assert refused.returncode == 1
    assert "DATABASE_URL" in refused.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every home")
def test_an_unreadable_home_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o000)
    monkeypatch.setenv("HOME", str(tmp_path))
    use_readable_home()
    assert not Path("~").expanduser().exists()
    tmp_path.chmod(0o700)


def test_a_readable_home_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    use_readable_home()
    assert os.environ["HOME"] == str(tmp_path)
