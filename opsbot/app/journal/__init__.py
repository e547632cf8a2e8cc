"""The journal as evidence: its verification, its anchors, and what may be left out of the live state."""
