"""OGC Web Map Tile Service 1.0.0 (OGC 07-057r7).

requests.py      what a client may ask, whatever the encoding
kvp.py           key-value pairs -> request            (clause 8)
soap.py          envelopes, opened and written         (clause 9)
xml_requests.py  XML element -> request                (clause 9, 7.1.1.1.1)
wsdl.py          description of the service            (Annex F)
rest.py          path -> request, and addresses back   (clause 10)
negotiate.py     version, sections, update sequence    (7.1.2)
capabilities.py  catalogue -> ServiceMetadata document (7.1.1)
contents.py      its Contents section                  (7.1.1.1.2)
legends.py       where pictures of legends are         (Table 8)
exceptions.py    error -> status and report            (Tables 20 to 27)
"""
