"""Recurrent layers: a cell is its equations, one engine runs and differentiates it."""
