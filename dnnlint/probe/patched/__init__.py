"""What is replaced in torch while a run is watched, a subject a file."""
