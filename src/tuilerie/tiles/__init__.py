"""Cache or produce: what happens between a tile's address and its bytes."""
