"""What the owners of a template approve: a hash of what it says, to whom, and when."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from opsbot.domain.comms.templates import Field, Locale


def body_hash(
    name: str,
    headlines: Mapping[Locale, str],
    bodies: Mapping[Locale, str],
    fields: Iterable[Field],
    targets: Iterable[str],
) -> str:
    """
    Return the SHA-256 over the name, every word in every language, the fields and the targets.

    The name is in it: it says for whom and when. The title and `approvals:` are not, for nobody
    outside reads them; nor is whatever stands in `approved:` itself.
    """
    said = {
        "template": name,
        "headlines": dict(sorted(headlines.items())),
        "bodies": dict(sorted(bodies.items())),
        "fields": [
            [one.name, one.type, one.required, one.max_length, *one.options] for one in fields
        ],
        "targets": sorted(targets),
    }
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(raw.encode("utf-8")).hexdigest()


def digest(texts: Iterable[str]) -> str:
    """Return the SHA-256 over whole files, each with its length before it."""
    made = hashlib.sha256()
    for text in texts:
        raw = text.encode("utf-8")
        made.update(f"{len(raw)}:".encode())
        made.update(raw)
    return made.hexdigest()
