"""The client's few log lines; `logging` is imported with the first of them (15 ms)."""


def warning(message: str, *words: object) -> None:
    """Say that something is not as it should be. Never with free text or payloads."""
    import logging  # noqa: PLC0415  a service without a fault never pays for it

    logging.getLogger("opsflags").warning(message, *words)


def exception(message: str, *words: object) -> None:
    """Say it with the traceback of the exception being handled."""
    import logging  # noqa: PLC0415  as above

    logging.getLogger("opsflags").exception(message, *words)  # noqa: LOG004  called inside handlers
