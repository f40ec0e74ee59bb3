"""The command line: `python -m app.cli --help`. `make` calls it; containers call `api`, `worker` and `migrate`.

Commands import what they need themselves, so that each starts fast and works without the others' modules.
"""

# ruff: noqa: PLC0415

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import ValidationError

from app.core.embedded import DataDirInUse
from app.core.processes import ServerFailed
from app.installation import CannotRun, connected, enter, use_readable_home
from app.settings import Settings, get_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Leadwerk")


@app.callback()
def _prepare() -> None:
    use_readable_home()


@app.command()
def serve(
    with_parent: Annotated[bool, typer.Option(help="Also stop when the calling process ends.")] = False,
) -> None:
    """Runs everything: PostgreSQL and Valkey (unless given), the schema, the API and the worker."""
    from app import supervisor

    supervisor.serve(_settings(), with_parent=with_parent)


@app.command()
def api(
    migrate_first: Annotated[
        bool, typer.Option("--migrate", help="Check the servers and bring the schema up first.")
    ] = False,
) -> None:
    """Runs one API process against DATABASE_URL and REDIS_URL (more with WEB_CONCURRENCY)."""
    import uvicorn

    settings = _settings(with_servers=True)
    if migrate_first:
        from app.preflight import check_redis

        check_redis(settings.redis_url or "")
        migrate()
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        server_header=False,
        log_config=None,  # the application configures logging
        access_log=False,
        timeout_graceful_shutdown=10,
    )


@app.command()
def worker() -> None:
    """Runs one worker process against DATABASE_URL and REDIS_URL: jobs, timed jobs and the outbox relay."""
    _settings(with_servers=True)
    from workers.settings import run

    run()


@app.command()
def migrate() -> None:
    """Brings the database of DATABASE_URL to this version's schema."""
    settings = _settings(with_servers=True)
    from app.migrate import migrate

    migrate(settings.database_url or "")


@app.command()
def demo(
    force: Annotated[bool, typer.Option(help="Even where there are users already.", envvar="FORCE")] = False,
) -> None:
    """Fills the demo: invented people, companies and leads, and their log-ins."""
    with _installation("make demo") as settings:
        from app.demo import fill

        asyncio.run(fill(settings, force=force))


@app.command()
def user(
    email: Annotated[str, typer.Option(prompt="E-mail address", envvar="ADMIN_EMAIL")],
    name: Annotated[str, typer.Option(prompt="First and last name", envvar="ADMIN_NAME")],
    password: Annotated[
        str, typer.Option(prompt="Password", hide_input=True, confirmation_prompt=True, envvar="ADMIN_PASSWORD")
    ],
) -> None:
    """Makes an administrator; asks for what is not given."""
    with _installation("make user") as settings:
        from app.identity.provisioning import Refused, create_administrator

        try:
            user_name = asyncio.run(create_administrator(settings, email=email, name=name, password=password))
        except Refused as error:
            raise CannotRun(str(error)) from None
        typer.echo(f"Made the administrator {user_name}; the e-mail address works for signing in, too.")


@app.command()
def verify_index(
    check: Annotated[bool, typer.Option(help="Mend nothing; fail if anything is wrong.")] = False,
) -> None:
    """Proves that the duplicate index and the records agree, and mends it; while Leadwerk runs, too."""
    from app.reindexing.command import verify_index

    with _installation("make verify-index") as settings:
        for line in (outcome := asyncio.run(verify_index(settings.database_url or "", repair=not check))).lines:
            typer.echo(line)
        if outcome.wrong_still:
            raise typer.Exit(1)


@app.command()
def openapi(
    check: Annotated[bool, typer.Option(help="Write nothing; fail if the file is out of date.")] = False,
) -> None:
    """Writes openapi/openapi.json from the code."""
    from app.contract import write
    from app.main import create_app

    if not write(create_app(), check=check):
        raise CannotRun("openapi/openapi.json is out of date: python -m app.cli openapi")


@contextmanager
def _installation(purpose: str) -> Iterator[Settings]:
    """Settings with servers up and the schema current, whether or not `serve` is running."""
    from app.migrate import migrate

    with connected(_settings(), purpose) as environment:
        settings = enter(environment)
        migrate(settings.database_url or "")
        yield settings


def _settings(*, with_servers: bool = False) -> Settings:
    try:
        settings = get_settings()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])).upper() or 'settings'}: {e['msg']}" for e in error.errors()]
        raise CannotRun("\n".join(wrong)) from error
    if with_servers and not (settings.database_url and settings.redis_url):
        raise CannotRun("Set DATABASE_URL and REDIS_URL; only `serve` (make run) brings servers of its own.")
    return settings


def main() -> None:
    """Runs the command; what the user can mend is told in a sentence, everything else with its traceback."""
    try:
        app()
    except (CannotRun, DataDirInUse, ServerFailed, PermissionError) as error:
        typer.echo(f"leadwerk: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
