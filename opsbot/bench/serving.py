"""A program: imports the client once and forks N services that serve every workflow, until its input ends."""

import os
import sys

from opsflags import FlagClient

BOOT_MS = 30_000
READY = b"."
"""What each process writes once all its workflows stand."""


def live(url: str, env: str, workflows: list[str]) -> None:
    """Be one service process; leave the registry in order when standard input ends."""
    with FlagClient.connect(url, service="bench", env=env, boot_wait_ms=BOOT_MS) as flags:
        for name in workflows:
            flags.workflow(name)
        os.write(1, READY)
        while os.read(0, 1024):  # every child sees the same end
            pass


def main() -> int:
    """Run as `serving.py <clients> <url> <env> <workflow>,<workflow>`; 1 where one ended early."""
    clients, url, env, workflows = sys.argv[1:]
    children = []
    for client in range(int(clients)):
        child = os.fork()
        if child == 0:
            try:
                live(url, env, workflows.split(","))
            except OSError as error:
                sys.stderr.write(f"client {client}: {error}\n")
                os._exit(1)
            os._exit(0)
        children.append(child)
    ended = [os.waitpid(child, 0)[1] for child in children]
    return int(any(ended))


if __name__ == "__main__":
    sys.exit(main())
