"""opsbot stops AI that misbehaves, proves that it stopped, and leads people through the rest."""

__version__ = "0.1.0"
