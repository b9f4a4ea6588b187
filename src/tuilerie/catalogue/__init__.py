"""What is published: the catalogue document, the frozen value of it, and a tile's identity."""
