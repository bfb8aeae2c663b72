"""Speed and memory claims, one script each. ``make bench`` runs them all."""
