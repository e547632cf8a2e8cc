"""A program: what it costs a fresh process to have the client, or only the modules it stands on."""

import sys
import time


def memory_kib() -> int:
    """Return the resident memory of this process in KiB (Linux), its peak elsewhere."""
    try:
        with open("/proc/self/status", encoding="ascii") as told:  # noqa: PTH123  pathlib would count
            return next(int(line.split()[1]) for line in told if line.startswith("VmRSS"))
    except FileNotFoundError:
        import resource  # noqa: PLC0415  it would count

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def floor() -> float:
    """Import what every client of a server needs; return the milliseconds."""
    began = time.perf_counter()
    import json  # noqa: F401, PLC0415  its import is what is measured
    import socket  # noqa: F401, PLC0415  as above
    import threading  # noqa: F401, PLC0415  as above

    return (time.perf_counter() - began) * 1000


def client(url: str) -> tuple[float, float]:
    """Import and start the client; return the milliseconds to that, and to its first answer."""
    began = time.perf_counter()
    from opsflags import FlagClient  # noqa: PLC0415  its import is what is measured

    flags = FlagClient.connect(url, service="bench", env="bench", boot_wait_ms=5000)
    started = time.perf_counter()
    flags.workflow("support-copilot")
    return (started - began) * 1000, (time.perf_counter() - began) * 1000


def main() -> None:
    """Run as `newborn.py [url]`; writes four numbers: ms, ms to the answer, KiB, threads."""
    before = memory_kib()
    started, answered = client(sys.argv[1]) if sys.argv[1:] else (floor(), 0.0)
    after = memory_kib()
    import threading  # noqa: PLC0415  after the measurement

    sys.stdout.write(f"{started} {answered} {after - before} {threading.active_count() - 1}")


if __name__ == "__main__":
    main()
