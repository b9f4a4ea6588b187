"""Where bytes rest: tile caches, none of which knows another or opens a picture."""
