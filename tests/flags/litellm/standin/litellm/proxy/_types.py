"""The exception that LiteLLM's proxy turns into an error answer."""

from typing import Any


class ProxyException(Exception):
    """Answered with status *code*, *headers* and `to_dict()` under `error`."""

    def __init__(  # noqa: PLR0917  # LiteLLM's own signature
        self,
        message: str,
        type: str,  # noqa: A002  # as above
        param: str | None,
        code: int | str | None = None,
        headers: dict[str, str] | None = None,
        openai_code: str | None = None,
        provider_specific_fields: dict[str, Any] | None = None,
    ) -> None:
        self.message = message
        super().__init__(message)
        self.type = type
        self.param = param
        self.code = str(code)
        self.headers = headers or {}

    def to_dict(self) -> dict[str, Any]:
        """Return the error object."""
        return {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
