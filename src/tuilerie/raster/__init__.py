"""Pixels in memory: rasters, warping, colours, splitting, encoding. Pure functions, no files."""
