"""The network.

``paths``        which path is which protocol, session and upstream     ``app``         one route for each
``relay``        one call from its request to its settlement            ``http_call``   the same over HTTP
``refusals``     what an agent is told, and how                         ``doors``       the clouds' own paths
``gatekeeper``   carries out what the session decides: store and log    ``refunds``     calls that wait for room
``credentials``  whose key goes where                                   ``encoding``    compressed bodies
``upstream``     the client                                             ``upstreams``   how each kind is addressed
``server``       one run's proxy: start and stop                        ``serving``     HTTP on a socket: ``listener``
``supervisor``   owns the socket, brings a dead proxy back              ``closed``      refuses where none comes back
``attribution``  which session and subagent an agent says that it is    ``direct``      connections past the proxy
``socket``       the responses API over WebSocket: ``socket_handshake`` opens it, ``socket_lanes`` tell whose each
                 message is, ``socket_turn`` is one response, ``upstream_socket`` the provider's side
``realtime``     OpenAI Realtime, under a ceiling
``intercept``    the forward proxy (the extra): ``destinations`` decides on each host, ``authority`` makes certificates
"""
