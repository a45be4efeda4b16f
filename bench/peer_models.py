"""Models that hersim and its peers are measured on: see `models.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Model:
    """A model, who differs in it, and what is compared."""

    title: str
    time: float
    first: float
    every: float
    outputs: list[str]
    """Species, as amounts or concentrations as formulas know them."""
    vary: dict[str, float]
    cv: float
    floor: float = 1e-3
    file: str | None = None
    system: str | None = None
    tumour: str | None = None
    regimen: str | None = None
    ignore_fast: bool = False
    dose: dict | None = None
    patients: int = 64
    peer_patients: int = 6
    reference: float = 1e-11
    """Relative tolerance of the reference; the absolute one is a thousandth of it."""

    def times(self) -> list[float]:
        """Times of the outputs."""
        count = int((self.time - self.first) // self.every) + 1
        return [self.first + self.every * i for i in range(count)]


MODELS = {name: Model(**entry) for name, entry in
          tomllib.loads(Path(__file__).with_name("models.toml").read_text()).items()}
