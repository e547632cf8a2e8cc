"""PagerDuty: its API, events and webhooks, behind the paging port."""
