"""The container files, as far as they can be held true without a container engine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.cli import app
from app.core.embedded import EmbeddedServers
from app.settings import Settings
from tests.running.support import ROOT, environment, free_port, until

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
CLI = [sys.executable, "-m", "app.cli"]
COMMANDS = {
    command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
}


def lines(instruction: str) -> list[str]:
    return [
        line.strip().removeprefix(instruction).strip() for line in DOCKERFILE if line.strip().startswith(instruction)
    ]


def copied() -> list[str]:
    return [line.split()[0] for line in lines("COPY ") if not line.startswith("--from")]


def test_every_copied_path_exists_and_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied()
    assert set(copied()) == let_in
    assert all((ROOT / path).exists() for path in copied())


def test_image_runs_as_an_ordinary_user_with_a_health_check() -> None:
    assert lines("USER ")[-1] not in {"root", "0"}
    assert "/readyz" in lines("HEALTHCHECK ")[0]
    assert "requirements/dev.txt" not in "".join(DOCKERFILE)


def test_compose_runs_commands_that_exist() -> None:
    commands = {
        name: service["command"][-1]
        for name, service in SERVICES.items()
        if service.get("image") == "leadwerk" and "command" in service
    }
    assert commands == {"worker": "worker", "migrate": "migrate"}
    assert set(commands.values()) | {"api"} <= COMMANDS


def test_compose_sets_only_settings_and_names_its_volumes() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for service in SERVICES.values():
        if service.get("image") == "leadwerk":
            assert set(service["environment"]) <= known
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]  # the place since PostgreSQL 18


def test_the_example_documents_every_setting_with_its_default() -> None:
    found = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert found.keys() - {"WEB_CONCURRENCY"} == {name.upper() for name in Settings.model_fields}
    examples = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    for name, field in Settings.model_fields.items():
        if name.upper() not in examples:
            default = "" if field.default in (None, ()) else str(field.default)
            assert found[name.upper()] == default, name


@pytest.mark.slow
def test_image_content_migrates_serves_and_reports_its_health(tmp_path: Path) -> None:
    """Runs the image's commands in a folder that holds only what the image copies, with production settings."""
    image = tmp_path / "image"
    image.mkdir()
    for path in copied():
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, image / path)
        else:
            (image / path).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / path, image / path)
    health_check = json.loads(lines("HEALTHCHECK ")[0].partition("CMD ")[2])
    health_check[0] = sys.executable
    with EmbeddedServers(tmp_path / "servers", durable=False) as servers:
        env = environment(
            tmp_path / "data",
            free_port(),
            ENVIRONMENT="production",
            SECRET_KEY="x" * 40,
            DATABASE_URL=servers.database_url,
            REDIS_URL=servers.redis_url,
        )
        assert subprocess.run([*CLI, "migrate"], cwd=image, env=env, check=False, timeout=60).returncode == 0
        api = subprocess.Popen([*CLI, "api"], cwd=image, env=env)
        try:
            until(
                "healthy",
                lambda: subprocess.run(health_check, env=env, capture_output=True, check=False).returncode == 0,
            )
        finally:
            api.terminate()
            api.wait(30)
