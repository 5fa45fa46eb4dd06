"""The network.

``paths``        which path is which protocol, session and upstream     ``app``         one route for each
``relay``        one call from its request to its settlement            ``refusals``    what an agent is told, and how
``gatekeeper``   carries out what the session decides: store and log    ``refunds``     calls that wait for room
``credentials``  whose key goes where                                   ``encoding``    compressed bodies
``upstream``     the client                                             ``server``      the socket, start and stop
"""
