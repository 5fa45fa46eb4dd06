"""What users type: one file a command, each with ``add_parser`` and ``run``.

``main``     the parser and the one place where errors become text     ``options``  what several commands take
``launch``   the proxy as a command starts it                      ``agents``   how each agent is told of it
"""
