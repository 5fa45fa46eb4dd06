"""How each kind of upstream is addressed.

interface   what a dialect does with a call          dialects   which dialect an upstream has
plain       the providers' own paths                 azure      Azure OpenAI's paths
bedrock     Anthropic's models on AWS               vertex     Anthropic's models on Google Cloud
"""
