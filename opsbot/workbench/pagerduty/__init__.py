"""A local stand-in for PagerDuty that the real client talks to over PagerDuty's own APIs."""
