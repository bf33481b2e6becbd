"""Room for connections: the soft limit of open files is often 1,024, far below what the hard one allows."""

import resource

WANTED = 65_536


def raise_file_limit(wanted: int = WANTED) -> None:
    """Raise this process's soft limit to `wanted`, or as far as the hard one lets it. It is never lowered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
