"""What shell commands do: parsed, followed as far as constants go, judged by nobody here.

``analyse`` is the way in; ``facts`` the words in which it answers.
"""
