"""The command line: `ringfence COMMAND` is a module of that name."""
