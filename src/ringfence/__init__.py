"""ringfence: a calling and texting platform whose operator cannot read what it carries."""

__version__ = "0.1.0"
