"""What a company tells people during an incident: written from templates, approved, published, remembered."""
