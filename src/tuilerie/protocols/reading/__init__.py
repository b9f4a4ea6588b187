"""Documents of other servers, whatever their habits: what all readers of them share.

remarks.py       warnings about what was corrected, and why
overrides.py     what an operator knows better than the document
xml_document.py  bytes -> elements: sizes, encodings, no DTD, no entities
xml_repair.py    what can be mended where a document is no XML
elements.py      elements and their texts, bounded, whatever the namespaces
numbers.py       numbers as people write them
crs_names.py     names of coordinate reference systems as people write them
addresses.py     addresses as people write them, and queries appended to them
"""
