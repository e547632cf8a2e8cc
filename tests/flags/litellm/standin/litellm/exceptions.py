"""The exception by which a plug-in answers in words."""

from typing import Any


class ModifyResponseException(Exception):
    """LiteLLM answers 200 with *message*."""

    def __init__(
        self,
        message: str,
        model: str,
        request_data: dict[str, Any],
        guardrail_name: str | None = None,
        detection_info: dict[str, Any] | None = None,
        original_response: Any = None,
    ) -> None:
        self.message = message
        self.model = model
        self.request_data = request_data
        super().__init__(message)
