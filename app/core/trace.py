"""The trace id of the request or job that is being worked on."""

from contextvars import ContextVar

TRACE: ContextVar[str] = ContextVar("trace_id", default="0" * 32)


def trace_id() -> str:
    """32 hexadecimal digits: given by the caller's `traceparent`, or made anew."""
    return TRACE.get()
