"""The key origin: the code that touches keys in browsers, served as one fixed bundle from an origin of its own."""
