"""Plain frozen data that both wings produce and rules consume; standard library only."""
