"""Loaded by schemathesis in its own process: signs requests in, and goes on with another device when one is locked out."""

import json
import os
from typing import Any

import schemathesis

TOKENS: list[str] = json.loads(os.environ.get("LEADWERK_FUZZ_TOKENS", "[]"))


class Device:
    """The device that requests are sent from."""

    number = 0

    @classmethod
    def token(cls) -> str:
        return TOKENS[cls.number % len(TOKENS)]


if TOKENS:

    @schemathesis.auth(refresh_interval=None)
    class SignedIn:
        """The access token of the current device."""

        def get(self, case: Any, context: Any) -> str:
            return Device.token()

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    @schemathesis.hook
    def after_call(context: Any, case: Any, response: Any) -> None:
        sent = response.request.headers.get("Authorization", "")
        if response.status_code == 401 and sent == f"Bearer {Device.token()}":
            Device.number += 1
