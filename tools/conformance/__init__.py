"""Run the OGC's WMTS 1.0 test suite against a server of ours: `make conformance`."""
