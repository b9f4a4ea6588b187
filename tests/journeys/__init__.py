"""Whole journeys: the real server asked over HTTP, and judged by programs that are not ours."""
