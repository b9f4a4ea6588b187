"""OGC Web Map Service 1.0 to 1.3 (OGC 01-068r3, 06-042).

reading/   the capabilities of other servers, and requests to them
"""
