"""Child processes that never outlive their parent, and the account that servers run under when root starts them."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

_UNPRIVILEGED = ("nobody", "daemon")


class ServerFailed(RuntimeError):
    """An embedded server cannot be set up or started here; the message says why."""


@dataclass(frozen=True)
class Account:
    """An unprivileged account that root hands a server to."""

    uid: int
    gid: int


def server_account(cluster: Path) -> Account | None:
    """The account servers must run under: None for "as I am", which is everyone's answer but root's.

    A cluster that somebody other than root already owns keeps its owner, so `sudo make run` can use a user's data.
    """
    if os.geteuid() != 0:
        return None
    if cluster.exists() and cluster.stat().st_uid != 0:
        owner = cluster.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ServerFailed(
        "PostgreSQL refuses to run as root and no unprivileged account (nobody, daemon) exists here. "
        "Start as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def die_with_parent(with_signal: signal.Signals, parent: int) -> None:
    """Has the kernel send `with_signal` to this process when `parent` ends, however it ends (on Linux only)."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))
    if os.getppid() != parent:  # it died before the call
        os._exit(1)


def spawn(
    command: Sequence[str | Path],
    *,
    stop_signal: signal.Signals,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    text: str = "",
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a child in a process group of its own (Ctrl-C reaches only us), which gets `stop_signal` if we die;
    `text` is its standard input.

    The kernel ties the child to the *thread* that calls this: call it from one that lives as long as the child should.
    """
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
    try:
        process = subprocess.Popen(  # noqa: S603 (our own commands)
            [str(part) for part in command],
            stdin=subprocess.PIPE if text else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=env,
            process_group=0,
            preexec_fn=_before_exec(stop_signal),  # noqa: PLW1509  # it only makes two system calls
            **_as_account(account),
        )
    finally:
        if output is not None:
            os.close(output)
    if process.stdin:
        with process.stdin as pipe:
            pipe.write(text.encode())
    return process


def run(
    command: Sequence[str | Path], *, cwd: Path, account: Account | None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end, with `text` on standard input; the caller looks at the return code."""
    return subprocess.run(  # noqa: S603 (our own commands)
        [str(part) for part in command],
        input=text,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_before_exec(signal.SIGKILL),
        **_as_account(account),
    )


def stop(process: subprocess.Popen[bytes], with_signal: signal.Signals, timeout: float) -> bool:
    """Asks a child to stop and waits; kills it after `timeout` seconds. True when it went by itself."""
    if process.poll() is not None:
        return True
    process.send_signal(with_signal)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def _before_exec(stop_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()
    # Set after the change of account (CPython calls preexec_fn last): a change of account clears it.
    return lambda: die_with_parent(stop_signal, parent)


def _as_account(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
