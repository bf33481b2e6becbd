"""The consoles: web pages for the operator's staff and for tenants' members. They hold no key."""
