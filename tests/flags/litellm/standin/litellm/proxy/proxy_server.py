"""Where the proxy keeps its router."""

from typing import Any

llm_router: Any = None
