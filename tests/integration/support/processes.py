"""Processes that never outlive the test run: each has a group of its own, and the kernel kills it when this process dies."""

import atexit
import ctypes
import os
import signal
import subprocess

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_started = []


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(argv, **options):
    """subprocess.Popen. Call it from the main thread only: the kernel's signal comes when the starting *thread* ends."""
    options.setdefault("stdin", subprocess.DEVNULL)
    process = subprocess.Popen(argv, start_new_session=True, preexec_fn=_die_with_parent, **options)
    _started.append(process)
    return process


def kill_group(process):
    """Kills what is left of the process's group and reaps the process; safe to call again."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    if process in _started:
        _started.remove(process)


@atexit.register
def _kill_all():
    for process in list(_started):
        kill_group(process)
