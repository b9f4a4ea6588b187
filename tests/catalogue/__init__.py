"""The catalogue: what operators write, what becomes of it, and how requests are resolved."""
