"""OGC Web Map Tile Service 1.0.0 (OGC 07-057r7).

requests.py      what a client may ask, whatever the encoding
kvp.py           key-value pairs -> request            (clause 8)
rest.py          path -> request, and addresses back   (clause 10)
negotiate.py     version, sections, update sequence    (7.1.2)
capabilities.py  catalogue -> ServiceMetadata document (7.1.1)
exceptions.py    error -> status and report            (Tables 20 to 27)
"""
