"""How sources speak to remote servers: `client.RemoteClient`, and what it is told and answers.

Nothing here imports the HTTP library until a client is made: a server without remote sources
does not pay for it at its start.
"""
