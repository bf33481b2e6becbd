"""Mail that leaves the installation: messages, and the SMTP relay that takes them."""
