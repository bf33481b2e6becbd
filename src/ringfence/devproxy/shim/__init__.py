"""A folder for the front of a program's PYTHONPATH. It holds one module, which needs nothing but the library."""
