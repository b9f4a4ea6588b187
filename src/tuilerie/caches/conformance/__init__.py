"""The examination of tile caches: a cache is accepted when its subclass of TileCacheTests passes.

    class TestMyCache(TileCacheTests):
        def open(self, directory, *, generation=first_generation, clock=time.time):
            return MyCache(directory, generation=generation, clock=clock)

Needs pytest with asyncio_mode "auto"; nothing but tests imports this package. What a cache cannot
do by its nature it says in `lacking`, with the reason, which the report of the tests then shows.
"""

from tuilerie.caches.conformance.content import ContentTests
from tuilerie.caches.conformance.faults import FaultTests
from tuilerie.caches.conformance.processes import ProcessTests
from tuilerie.caches.conformance.samples import first_generation

__all__ = ["TileCacheTests", "first_generation"]


class TileCacheTests(ContentTests, ProcessTests, FaultTests):
    """All examinations; subclass it in a test module and give it `open`."""
