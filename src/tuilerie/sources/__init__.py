"""Where pixels come from: each source in its own file, strangers to each other."""
