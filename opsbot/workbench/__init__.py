"""Local stand-ins, sample services and the page: the whole product without an account."""
