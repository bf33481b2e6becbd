"""The key service: it alone holds the keys, decides who may open what, and writes down every opening before it does."""
