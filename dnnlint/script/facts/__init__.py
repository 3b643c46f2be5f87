"""From what was recorded to what rules read: frozen evidence, stated once the whole file has been run."""
