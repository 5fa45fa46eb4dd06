"""What can be tried without a provider.

    script     what the demo model shall answer, written into a prompt
    answer     a step of the script as blocks, tokens and chunks
    dialect    how a wire protocol is spoken by a provider: the interface
    messages   anthropic-messages        chat   openai-chat        responses   openai-responses
    upstream   the server: ``python -m guardian_ci.demo.upstream``
    agent      a scripted agent             scenes     what the demo shows      show   the demo itself

The demo upstream knows nothing of ``wire``: it is written from the providers' documents, so that an error in
one is not repeated in the other. It keeps no state: the conversation itself says which step comes next.
"""
