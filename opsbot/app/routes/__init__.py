"""What serves a workflow: revisions, ramps, rollbacks and the evidence they rest on."""
