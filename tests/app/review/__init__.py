"""Tests of `opsbot/app/review/`, through the bot on the memory twin."""
