"""An incident: who works on it, when what happened, and how it is named and set up."""
