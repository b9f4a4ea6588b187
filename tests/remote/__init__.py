"""Remote servers that misbehave on demand, for the tests of everything that asks one.

    async with FakeRemote() as remote:
        remote.on("/tile.png", Answer(503), Answer(body=PNG, media_type="image/png"))
        ...                         # the first request is told 503, all others get the picture
        assert remote.count("/tile.png") == 2

`fake` is the server, `guards` what it may demand of who asks, `authority` certificates made for
one test, `proxy` an HTTP proxy. All of it is real: sockets on loopback, no patches.
"""
