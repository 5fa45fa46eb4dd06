"""What stands in texts that should not: secrets, and words that are meant for the model and not from its user."""
