"""What the instances say: watched until a change is confirmed, and asked until it is proved."""
