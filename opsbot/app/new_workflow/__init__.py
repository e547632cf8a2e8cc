"""Walk an owner through declaring a workflow."""
