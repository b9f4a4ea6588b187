"""Doors: arguments in, exit code out, no logic."""
