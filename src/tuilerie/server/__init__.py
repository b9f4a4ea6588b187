"""The public web server: read-only, and nothing between a cached tile and its client."""
