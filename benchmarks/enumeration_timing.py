"""Whether the time of an answer tells that a number is known: Welch's t over pairs of requests, interleaved, over HTTP.

python benchmarks/enumeration_timing.py [--pairs 20000] [--numbers 200]

An installation of real processes has a tenant that texted codes to `--numbers` numbers. Another tenant asks of one of
them and of its neighbour that nobody knows, in either order, on one connection, of one route after the other. Where |t|
stays below 4.5, so many tries tell nothing.
"""

import argparse
import asyncio
import gc
import random
import tempfile
import time
from pathlib import Path

from verify_timing import Sample, welch_t

from ringfence.drills.design import OURS
from ringfence.drills.enumeration import ROUTES, Asker, Route, add_service
from ringfence.drills.installation import add_account, installation
from ringfence.drills.kept_http import KeptHttp

WARM_UP = 200
ASKED = ("a check at mine", "my verification by number", "a check at theirs", "my texts to it", "lookup")


async def compare(asker: Asker, http: KeptHttp, route: Route, pairs: int) -> None:
    samples = Sample(), Sample()
    for n in range(WARM_UP + pairs):
        pair = asker.pairs[n % len(asker.pairs)]
        for which in random.sample((0, 1), 2):
            began_s = time.perf_counter()
            await asker.ask(http, route, pair[which])
            if n >= WARM_UP:
                samples[which].add((time.perf_counter() - began_s) * 1e6)
    t = welch_t(*samples)
    means = f"{samples[0].mean:.0f} and {samples[1].mean:.0f} µs"
    verdict = "nothing" if abs(t) < 4.5 else "TELLS"
    print(f"{route.name}: known / unknown |t| = {abs(t):.2f}, {means}, {pairs} pairs: {verdict}", flush=True)


async def measure(pairs: int, numbers: int, folder: Path) -> None:
    async with installation(folder, OURS.command, log_level="error") as (_, settings):
        victim, attacker = await add_account(settings), await add_account(settings)
        async with KeptHttp(settings.port, connections=1) as http:
            theirs, own = await add_service(http, victim), await add_service(http, attacker)
            asker = Asker(numbers, attacker, {"own": own, "theirs": theirs, "victim": victim[0]})
            await asker.make_known(http, victim, theirs)
            gc.disable()
            for route in ROUTES:
                if route.name in ASKED and route.signed:
                    await compare(asker, http, route, pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--numbers", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options.pairs, options.numbers, Path(folder)))


if __name__ == "__main__":
    main()
