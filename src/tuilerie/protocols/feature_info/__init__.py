"""What was found at a place, written in the formats that clients ask for: values in, bytes out.

found.py     the place, the features, and their attributes made of a source's values
gml.py       GML 3.1.1, Simple Features level 0, and its application schema
geojson.py   GeoJSON
plain.py     text for people, and the words and numbers of HTML
html.py      HTML out of a template
template.py  the templates that an operator may write: all that Jinja has but what could be endless
write.py     the one that knows them all
"""
