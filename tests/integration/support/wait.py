"""Waiting for a state with a deadline, never for a fixed time."""

import time


def wait_until(predicate, timeout_s, what, every_s=0.02):
    """Returns the first true value of predicate(); fails with `what` after timeout_s.

    `what` is a text, or a function that is called to describe the state at the deadline.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_s} s: {what() if callable(what) else what}")
        time.sleep(every_s)
