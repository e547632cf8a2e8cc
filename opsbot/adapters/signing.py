"""Ed25519 signatures of journal exports and anchors; the key is one file outside of any export."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from opsbot.domain.errors import Misconfigured

KEY_MODE = 0o600


class KeyFile:
    """Signs with the key of one file; verifying needs only the public half."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def open(cls, path: Path) -> "KeyFile":
        """
        Read the key of *path*, or make a new one there with mode 0600.

        Raises:
            Misconfigured: the file is readable by others, or is not a key of ours.
        """
        try:
            return cls(_read(path))
        except FileNotFoundError:
            return cls(_make(path))

    @property
    def public(self) -> str:
        """Return the public key in hex; it may be published."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        """Return the signature of *data* in hex."""
        return self._key.sign(data).hex()


def verify(public: str, data: bytes, signature: str) -> bool:
    """Return whether *signature* of *data* was made with the key whose public half is *public*."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), data
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(path: Path) -> Ed25519PrivateKey:
    raw = path.read_text(encoding="ascii").strip()
    if path.stat().st_mode & 0o077:
        raise Misconfigured(
            f"the signing key {path} can be read by others", hint=f"chmod 600 {path}"
        )
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(raw))
    except ValueError as error:
        raise Misconfigured(
            f"{path} is not a signing key", hint="move it away; a new one is made"
        ) from error


def _make(path: Path) -> Ed25519PrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE)
    except FileExistsError:  # another replica on this directory was first
        return _read(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.private_bytes_raw().hex() + "\n")
    return key
