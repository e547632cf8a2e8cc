"""opsbot stops AI that misbehaves, proves that it stopped, and leads people through the rest."""
