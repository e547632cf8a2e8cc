"""A local stand-in for Slack that unmodified slack-bolt apps talk to over Slack's own protocols."""

from opsbot.workbench.slack.faults import Faults
from opsbot.workbench.slack.model import (
    ApiCall,
    CannotDo,
    Channel,
    Message,
    Person,
    Shown,
    UserGroup,
    View,
)
from opsbot.workbench.slack.standin import SlackStandIn
from opsbot.workbench.slack.workspace import Workspace

__all__ = [
    "ApiCall",
    "CannotDo",
    "Channel",
    "Faults",
    "Message",
    "Person",
    "Shown",
    "SlackStandIn",
    "UserGroup",
    "View",
    "Workspace",
]
