"""How each agent is told of the proxy: one table, for ``run``, ``env`` and the action.

``agent``    what an agent is, and what its set-up is made of     ``table``  all of them, and how one is recognised
``changes``  what a set-up changes in an environment              ``home``   the private folder for files of a set-up
``shells``   the changes, as shells read them

An agent whose set-up takes more than a few variables has a file of its own.
"""
