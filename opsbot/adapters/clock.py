"""The machine's own clock and randomness; order and expiry use the server's clock instead."""

import asyncio
import secrets
import time


class SystemClock:
    """The `Clock` port on this machine."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970 (UTC), for people's eyes only."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class SystemEntropy:
    """The `Entropy` port on the operating system's generator."""

    def token(self, size: int = 16) -> str:
        """Return *size* random bytes in hex."""
        return secrets.token_hex(size)
