"""Passwords: the stated policy, and hashing in threads of its own.

argon2id with 19 MiB, two passes, one lane (OWASP's parameters); some 75 ms each, so never on the event loop, and never
while a transaction is open.
"""

import asyncio
import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

MIN_LENGTH = 12
MAX_LENGTH = 200
MIN_DISTINCT = 6

Sentence = Mapping[str, str]

RULES: dict[str, Sentence] = {
    "password_too_short": {
        "de": f"Mindestens {MIN_LENGTH} Zeichen.",
        "en": f"At least {MIN_LENGTH} characters.",
    },
    "password_too_long": {
        "de": f"Höchstens {MAX_LENGTH} Zeichen.",
        "en": f"At most {MAX_LENGTH} characters.",
    },
    "password_too_simple": {
        "de": f"Mindestens {MIN_DISTINCT} verschiedene Zeichen.",
        "en": f"At least {MIN_DISTINCT} different characters.",
    },
    "password_contains_name": {
        "de": "Weder Anmeldename noch E-Mail-Adresse noch der eigene Name darf darin vorkommen.",
        "en": "It must not contain the user name, the e-mail address or one's own name.",
    },
    "password_common": {
        "de": "Keines der bekannten, oft verwendeten Passwörter, auch nicht mit angehängten Ziffern oder Zeichen.",
        "en": "None of the well-known, often used passwords, not even with digits or signs at the end.",
    },
    "password_unchanged": {
        "de": "Nicht das bisherige Passwort.",
        "en": "Not the present password.",
    },
}
"""The policy as it is shown: the code of each violation and its sentence."""

_COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())
_HASHER = PasswordHash((Argon2Hasher(memory_cost=19456, time_cost=2, parallelism=1),))
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$IGIBL1g+pRuRtziFIWw9fQ$JcJVqVVaXOq7er+D1GFXNzMTlRJItK5GU9cn+pNdJl0"
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="argon2")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose password it is: what must not occur in it."""

    user_name: str
    email: str
    first_name: str
    last_name: str


def violations(password: str, holder: Holder) -> list[str]:
    """The codes of the rules that the password breaks; empty for a good one."""
    plain = _normal(password)
    folded = plain.casefold()
    broken = []
    if len(plain) < MIN_LENGTH:
        broken.append("password_too_short")
    if len(plain) > MAX_LENGTH:
        broken.append("password_too_long")
    if len(set(folded)) < MIN_DISTINCT:
        broken.append("password_too_simple")
    if any(name in folded for name in _names(holder)):
        broken.append("password_contains_name")
    if folded in _COMMON or _core(folded) in _COMMON:
        broken.append("password_common")
    return broken


def _names(holder: Holder) -> set[str]:
    """Parts of fewer than four letters occur in good passwords by chance."""
    parts = {holder.user_name, holder.email, holder.email.partition("@")[0], holder.first_name, holder.last_name}
    return {part.casefold() for part in parts if len(part) >= 4}


def _core(folded: str) -> str:
    return folded.rstrip("0123456789!?.,;:-_#*+$%&/()=@ ")


def _normal(password: str) -> str:
    """One form for each text: devices compose umlauts differently."""
    return unicodedata.normalize("NFKC", password)


async def hash_password(password: str) -> str:
    """The hash to store."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether it is the stored password. Takes as long when there is none."""
    good = await asyncio.get_running_loop().run_in_executor(
        _THREADS, _HASHER.verify, _normal(password), stored or _NOBODYS
    )
    return good and stored is not None
