"""Tests of `opsbot/app/routes/`, through the bot on the memory twin."""
