"""Access of staff to what tenants sealed: asked for, approved, used, ended."""
