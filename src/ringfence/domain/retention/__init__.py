"""A legal duty to retain metadata: what it may name, who opens what was kept, and how that is asked for."""
