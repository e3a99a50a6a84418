"""Start, supervise and stop Alef on one machine, with nothing but the standard library."""
