"""The front page as people use it, in a real browser against the real server."""
