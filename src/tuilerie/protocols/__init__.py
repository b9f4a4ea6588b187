"""The standards spoken both ways, without I/O: bytes and mappings in, values and bytes out."""
