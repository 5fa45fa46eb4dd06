"""A firewall and meter for AI coding agents in CI.

The layers, each with its one phrase; imports go down only (import-linter keeps it):

    cli/       what users type
    demo/      what can be tried without a provider
    proxy/     the network              reports/  what is shown        stores/  where money is kept
    audit/     what happened
    session/   what happens             wire/     how each API speaks
    policy/    what is allowed          pricing/  what it costs
    model      the nouns that all layers share
    errors     what is raised on purpose

The way of one call: ``proxy.app`` takes the bytes, ``wire`` turns them into a ``Call`` of facts, ``session``
decides on it (rules, then a reservation in a store), ``proxy.relay`` forwards it with minimal edits and feeds
the answer's frames through ``wire`` to ``session`` again; a tool call is held until it is judged; the end
settles the reservation once. Each decision is a line of the log before its effect leaves the proxy.
``audit.Summary`` of those lines is what every report, the gate and the exit code are made of.

``model``, ``policy``, ``pricing``, ``wire`` and ``session`` do no I/O and read no clock, no environment and no
randomness: time and ids come in with the events.
"""

__version__ = "0.1.0"
