"""Tests of `opsbot/app/room/`, through the bot on the memory twin."""
