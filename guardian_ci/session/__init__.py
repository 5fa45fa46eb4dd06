"""What happens.

A pure state machine: ``Guard.handle`` takes an event and returns commands. No I/O, no clock, no JSON; replay feeds
the same events to the same machine and must get the same commands.

``events``   what may come in          ``commands``  what may go out
``guard``    the machine               ``state``     what is remembered of a session
``bounds``   what a call may cost at most
``open_call``, ``prices``, ``scopes``   what the machine works with
``store``    what a ledger can do, for those who keep one
``ledger``   the arithmetic of money: what a store must do, and all that it may decide
"""
