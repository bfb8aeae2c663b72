"""Widgets that run in JupyterLab and, where they need no model, in the built page."""
