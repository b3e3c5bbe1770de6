"""Convolutions: temporal networks, residual networks and the stems of vision models."""
