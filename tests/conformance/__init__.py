"""The runner of the OGC's suite: how it reads what the suite says, and what it lets through."""
