"""Tests of `opsbot/app/incident/`, through the bot on the memory twin."""
