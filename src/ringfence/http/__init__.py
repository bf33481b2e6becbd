"""HTTP as a client: pooled connections, and the guard that says where they may go."""
