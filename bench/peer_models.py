"""Models that hersim and its peers are measured on."""

from dataclasses import dataclass, field


@dataclass
class Model:
    """A model, who differs in it, and what is compared."""

    title: str
    days: float
    """Length in the model's unit of time."""
    outputs: list[str]
    """Species, as amounts or concentrations as formulas know them."""
    parameters: dict[str, float]
    """Values around which patients vary."""
    cv: float = 0.3
    floor: float = 1e-3
    """Smaller values count as this in relative errors, in the outputs' units."""
    file: str | None = None
    """Antimony or SBML file below the folder of suites."""
    tumour: tuple[str, str] | None = None
    """Tumour and regimen of the project's own patient system."""
    points: list[float] = field(default_factory=list)
    """Times of the outputs; weekly where empty, never at the time of a dose."""
    dose: dict | None = None
    """The regular bolus, for tools without a reader."""
    as_others: bool = False
    """Whether reactions marked `fast` are run like others: most tools refuse the mark."""
    patients: int = 64
    peer_patients: int = 6

    def times(self) -> list[float]:
        """Times of the outputs."""
        weeks = int(self.days // 7)
        return self.points or [7.0 * week + 6.75 for week in range(weeks)]


HER2_99 = Model(
    title="HER2 and trastuzumab, generated, 99 states, 18 doses",
    file="qsp/her2_99.ant",
    days=378.0,
    points=[21.0 * cycle - 0.25 for cycle in range(1, 19)],
    outputs=["N_1", "N_2", "N_3", "Dt", "Ac"],
    dose={"species": "Ac", "first": "8*WT/MW*1000", "later": "6*WT/MW*1000", "interval": 21.0},
    parameters={
        "WT": 70, "Vc": 2.62, "Vp": 2.97, "CL": 0.127, "Q": 0.544, "VM": 60.5, "KM": 61.3, "kpen": 1.2,
        "HRG": 0.5, "EGF": 0.3, "kap": 0.02, "muSP": 2e-5, "muST": 1e-5,
        "R2tot_1": 150, "R2tot_2": 140, "R2tot_3": 60, "P95tot_3": 60,
        "PTEN_1": 1, "PTEN_2": 0.25, "kg_1": 0.045, "kg_2": 0.042, "kg_3": 0.04,
        "kill_1": 0.055, "kill_2": 0.03, "kill_3": 0.018,
    },
)

PATIENT = Model(
    title="the project's patient: two subclones, weekly trastuzumab, paclitaxel every three weeks",
    tumour=("heterogeneous", "paclitaxel_trastuzumab"),
    days=365.0,
    outputs=["bulk__cells", "minor__cells", "pk_trastuzumab__central"],
    cv=0.2,
    parameters={
        "pk_trastuzumab__CL": 0.127, "pk_trastuzumab__Vc": 2.62, "pk_trastuzumab__Vp": 2.97,
        "pk_trastuzumab__Q": 0.544, "pk_trastuzumab__Vmax": 8.81, "pk_paclitaxel__VMel": 811200.0,
        "pk_paclitaxel__VMtr": 4248000.0, "pk_paclitaxel__uptake": 20.0,
    },
    peer_patients=2,
)

CHEN = Model(
    title="Chen 2009, ErbB1-4, 500 states",
    file="published/BIOMD0000000255.xml",
    days=9000.0,
    points=[100.0 * i for i in range(1, 91)],
    outputs=["c1", "c59", "c83"],  # EGF; ERK twice phosphorylated, in the cytosol and with endosomes
    parameters={"kd2b": 0.016, "k3": 1.0, "kd5": 0.80833, "k10b": 0.05426, "k8": 5.91474e-7, "kd8": 0.2},
    cv=0.1,
    floor=1.0,
    patients=8,
    peer_patients=1,
)

BIRTWISTLE = Model(
    title="Birtwistle 2007, ErbB, 118 states",
    file="published/BIOMD0000000175.xml",
    days=1800.0,
    points=[18.0 * i for i in range(1, 101)],
    outputs=["ERKstar", "Aktstar"],
    parameters={"VmaxPY": 223.8776, "kdeg": 0.0259, "kf47": 24.6048, "Vmaxr47": 590.5058, "kf48": 16.833,
                "PTEN": 693.5786, "kf49": 44.3501},
    cv=0.1,
)

FARATIAN = Model(
    title="Faratian 2009, HER2 and PTEN, 55 species, `fast` marks removed",
    file="published/BIOMD0000000424.xml",
    days=3600.0,
    points=[36.0 * i for i in range(1, 101)],
    outputs=["ERKPP", "PIP3", "E23HP"],
    parameters={"k1": 0.005, "k2": 10.0, "k5": 0.06, "k11": 6.0, "k15": 2.1, "k23": 1.2, "k34": 3.6, "k42": 45.0},
    cv=0.1,
    floor=1e-3,
    as_others=True,
)

MODELS = {"her2_99": HER2_99, "patient": PATIENT, "chen_2009": CHEN, "birtwistle_2007": BIRTWISTLE,
          "faratian_2009": FARATIAN}
