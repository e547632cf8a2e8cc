"""What people type, read by the grammar table; pure."""
