"""The processes, one file each, and what starts, supervises and configures them."""
