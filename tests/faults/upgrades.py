"""A new program on the data of an old one."""

from faults.scene import Scene


def upgrade(scene: Scene) -> None:
    """The program that PYTHONPATH leads to stops as it is asked to, and the one under test starts on its data."""
    scene.handsets.read()
    scene.installation.stop()
    del scene.installation.environment["PYTHONPATH"]
    scene.installation.start()
    scene.handsets.takes_repeats = True
    scene.handsets.make()
