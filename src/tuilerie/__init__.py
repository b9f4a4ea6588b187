"""Tuilerie: a map tile server that serves, cascades and publishes."""

__version__ = "0.1.0"

__all__ = ["__version__"]
