"""Every assertion of the OGC's WMTS 1.0 suite, replayed by clients of our own in each encoding.

A test's id is the name of the suite's test, so that its verdict can be found in the suite's own
words. The suite itself is run by `make conformance` where it can be had.
"""
