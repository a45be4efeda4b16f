#!/usr/bin/env python3
"""Compares hersim with libRoadRunner on published SBML models.

    python bench/published.py FOLDER [--hersim PATH]

FOLDER holds files BIOMD*.xml as BioModels gives them; of those listed below each that is there is
followed by both tools and every species compared at 51 times. Models marked for it are followed by
COPASI too, where it is installed (`pip install copasi-basico`), an integrator and a reader of SBML
that share nothing with libRoadRunner's. Allowed is a relative deviation of
1e-4, with 1e-4 of the species' largest value, and 1e-9 of the model's, as floor. A model whose
reactions are marked fast is refused by libRoadRunner: it is compared with the marks taken off and
`hersim simulate --ignore-fast`. Exit code 0 when all agree, 1 otherwise.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import roadrunner

POINTS = 50
RELATIVE = 1e-4
MODELS = [
    # Name, end, title, whether COPASI is asked too.
    ("BIOMD0000000019", 6000, "Schoeberl 2002", False),
    ("BIOMD0000000175", 1800, "Birtwistle 2007", False),
    ("BIOMD0000000205", 3600, "Ung 2008", False),
    ("BIOMD0000000255", 9000, "Chen 2009", False),
    ("BIOMD0000000424", 3600, "Faratian 2009, fast ignored", True),
    ("BIOMD0000000595", 3600, "Capuani 2015", False),
    ("BIOMD0000000745", 100, "Jarrett 2018", False),
]


def with_hersim(hersim: str, file: Path, end: float) -> dict[str, np.ndarray]:
    """Everything that changes, by name."""
    every = str(end / POINTS)
    command = [hersim, "--json", "simulate", str(file), "--for", str(end), "--every", every,
               "--ignore-fast", "--rtol", "1e-8", "--max-steps", "10000000"]
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"{file.name}: {out.stdout}{out.stderr}")
    columns = json.loads(out.stdout)["columns"]
    return {name: np.array(column["values"], float) for name, column in columns.items()}


def with_roadrunner(file: str, end: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Concentration and amount of each floating species; hersim shows what formulas mean."""
    runner = roadrunner.RoadRunner(file)
    runner.integrator.relative_tolerance = 1e-8
    runner.integrator.absolute_tolerance = 1e-12
    runner.integrator.maximum_num_steps = 200_000
    names = list(runner.model.getFloatingSpeciesIds())
    runner.timeCourseSelections = ["time"] + [f"[{n}]" for n in names] + names
    rows = np.array(runner.simulate(0, end, POINTS + 1))[:, 1:]
    count = len(names)
    return {n: (rows[:, i], rows[:, count + i]) for i, n in enumerate(names)}


def with_copasi(file: str, end: float) -> dict[str, tuple[np.ndarray, np.ndarray]] | None:
    """Concentration and amount of each species; nothing when COPASI is not there."""
    try:
        import basico
    except ImportError:
        return None
    model = basico.load_model(file)
    rows = basico.run_time_course(0, end, POINTS, r_tol=1e-10, a_tol=1e-14, max_steps=1_000_000,
                                  automatic=False, use_sbml_id=True, model=model)
    sizes = basico.get_compartments(model=model)["initial_size"]
    species = basico.get_species(model=model)
    return {one["sbml_id"]: (rows[one["sbml_id"]].to_numpy(),
                             rows[one["sbml_id"]].to_numpy() * sizes[one["compartment"]])
            for _, one in species.iterrows() if one["sbml_id"] in rows}


def deviation(ours: dict, theirs: dict) -> tuple[float, str]:
    """The largest deviation over all species, and whose it is."""
    worst = (0.0, "")
    largest = max(np.abs(amount).max() for _, amount in theirs.values())
    for name, (concentration, amount) in theirs.items():
        if name not in ours:
            return float("inf"), name
        best = float("inf")
        for other in (concentration, amount):
            floor = 1e-4 * np.abs(other).max() + 1e-9 * largest
            best = min(best, np.max(np.abs(ours[name] - other) / np.maximum(np.abs(other), floor)))
        worst = max(worst, (best, name))
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hersim", default="target/release/hersim")
    options = parser.parse_args()
    failed = 0
    for name, end, title, copasi in MODELS:
        file = options.folder / f"{name}.xml"
        if not file.exists():
            print(f"{title}: skipped, {file} is not there")
            continue
        text = file.read_text(encoding="utf-8").replace('fast="true"', 'fast="false"')
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / file.name
            plain.write_text(text, encoding="utf-8")
            others = {"libRoadRunner": with_roadrunner(str(plain), end)}
            if copasi:
                others["COPASI"] = with_copasi(str(plain), end)
        ours = with_hersim(options.hersim, file, end)
        for tool, theirs in others.items():
            if theirs is None:
                print(f"{title}: {tool} is not installed", flush=True)
                continue
            worst, species = deviation(ours, theirs)
            verdict = "agrees" if worst <= RELATIVE else "DIFFERS"
            failed += worst > RELATIVE
            print(f"{title}, {tool}: {verdict}, largest deviation {worst:.1e} ({species})",
                  flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
