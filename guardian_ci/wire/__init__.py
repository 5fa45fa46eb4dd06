"""How each API speaks."""
