"""Paging and who is on call: orders to a pager, what comes back from it, and whom to call without one."""
