"""Attention: scores, heads, transformer blocks and shifted windows."""
