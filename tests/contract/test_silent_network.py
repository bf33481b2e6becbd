"""The platform's side of silent authentication, over the link's own socket."""

from pathlib import Path

from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.link import LinkClient, serve_link
from ringfence.carriers.simulator.network import Network
from ringfence.carriers.simulator.silent import token_in
from ringfence.carriers.simulator.silent_network import SimulatedSilentNetwork
from ringfence.domain.clock import ManualClock
from ringfence.ports.silent_network import Finding

SAM = "+12025550177"


async def test_an_offer_and_what_it_came_to_go_over_the_socket(tmp_path: Path) -> None:
    network = Network(ManualClock())
    server = await serve_link(tmp_path / "link.sock", Exchange(network))
    link = LinkClient(tmp_path / "link.sock")
    try:
        silent = SimulatedSilentNetwork(link, "https://phones.example/")
        url = await silent.offer("VL1", SAM, network.clock.now_ms() + 1_000)
        assert url.startswith("https://phones.example/simulator/silent/")
        assert await silent.offer("VL1", SAM, network.clock.now_ms() + 1_000) == url
        assert await silent.finding("VL1") is Finding.PENDING
        network.silent.opened(token_in(url), SAM)
        assert await silent.finding("VL1") is Finding.PROVEN
        network.reset()
        assert await silent.finding("VL1") is Finding.PENDING
    finally:
        await link.close()
        await server.close()
