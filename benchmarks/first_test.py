"""How long a test waits for its platform: imports once a process, then a world, a text and its end for each test."""

import statistics
import time

RUNS = 50
BUSINESS, CUSTOMER = "+12025550123", "+12025550177"


def main() -> None:
    began = time.perf_counter()
    from twilio.rest import Client

    # The SDK imports what a resource needs when it is first used.
    _ = Client(f"AC{'0' * 32}", "token").messages
    sdk = time.perf_counter()
    from ringfence.testing.start import started

    imported = time.perf_counter()
    took_ms = []
    for _ in range(RUNS):
        start = time.perf_counter()
        with started(numbers=[BUSINESS]) as world:
            world.client().messages.create(from_=BUSINESS, to=CUSTOMER, body="Hi")
            assert len(world.phone(CUSTOMER).inbox) == 1
        took_ms.append((time.perf_counter() - start) * 1_000)
    print(f"import of the SDK       {(sdk - began) * 1_000:6.0f} ms")
    print(f"import of ringfence     {(imported - sdk) * 1_000:6.0f} ms")
    print(f"first test              {took_ms[0]:6.1f} ms")
    print(f"each further (median)   {statistics.median(took_ms[1:]):6.1f} ms")


if __name__ == "__main__":
    main()
