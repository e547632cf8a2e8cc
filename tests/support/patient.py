"""`python -m tests.support.patient demo …`: opsbot's command line, with everything that the demo times giving a slow machine time."""

import sys

from opsbot.cli import main
from opsbot.workbench import acts, declared, demo
from opsbot.workbench.slack import courier, limits

WATCH_S = 20
"""How long each step of a restore is watched: whoever looks at a step may be seconds late."""

SLACK_WAITS_S = 20.0
"""Slack's own three seconds are the matter of the stand-in's tests; here a late answer is an answer."""

HELD_S = 60.0
"""How long the frozen service is left so after Enter, until its kill is seen."""

LEASE_OVER_S = 16.0
BOOT_S = 150.0


def patient() -> None:
    """Give the demo of this process time."""
    courier.DEADLINE_S = limits.TRIGGER_S = SLACK_WAITS_S
    declared.WATCH_S = WATCH_S
    acts.ENTERED_S, acts.LEASE_OVER_S = HELD_S, LEASE_OVER_S
    demo.BOT_BOOT_S = BOOT_S


if __name__ == "__main__":
    patient()
    sys.exit(main())
