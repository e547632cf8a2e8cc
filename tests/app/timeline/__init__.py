"""Tests of `opsbot/app/timeline/`, through the bot on the memory twin."""
