"""A child process that never outlives its test, whatever the test does to it."""

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def running(
    *command: str,
    stdin: int | None = None,
    stdout: int | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """
    Run *command*; at the end it is killed if it still lives.

    `Popen` as a context manager waits instead: a child that a failed test left frozen or deaf
    would hold the whole run.
    """
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout, env=env, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
