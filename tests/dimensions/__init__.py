"""Dimensions from the catalogue's text to the client: one feature through every room."""
