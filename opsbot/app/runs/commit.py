"""One commit of a run, as every commit that people repeat."""

from opsbot.app.committed import committed

__all__ = ["committed"]
