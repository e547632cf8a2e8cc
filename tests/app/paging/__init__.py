"""Tests of `opsbot/app/paging/`, through the bot on the memory twin."""
