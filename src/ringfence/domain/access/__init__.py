"""Who of the operator's staff may read what of a tenant, for how long, and by whose leave."""
