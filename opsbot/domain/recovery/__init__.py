"""What is put back after the store lost data."""
