"""The tenants' console: for members of accounts."""
