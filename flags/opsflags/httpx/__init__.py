"""Guard the model calls of any SDK that takes an `httpx` or `httpx2` client (OpenAI's and Anthropic's do)."""

from opsflags.httpx.clients import async_client, async_transport, client, transport

__all__ = ["async_client", "async_transport", "client", "transport"]
