#!/usr/bin/env python3
"""Compares hersim's trajectories with libRoadRunner's on the exported model.

    python bench/trajectories.py [--hersim PATH] [--tumour ID] [--regimen TEXT]

The patient system is exported to SBML with its doses as events; both tools integrate it with
rtol 1e-9 and absolute tolerances scaled per state. Compared are all states at 100 times over a
year (values after a dose): each must agree within 1e-4 relative, with 1e-6 of the state's largest
value as floor. Exit code 0 when they do, 1 otherwise.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import roadrunner

RTOL = 1e-9
POINTS = 100
DAYS = 365.0
RELATIVE = 1e-4
FLOOR = 1e-6


def run(command: list[str]) -> str:
    """Standard output of a command; its error ends the comparison."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def hersim_states(args) -> dict[str, np.ndarray]:
    """All states by dotted name, at POINTS + 1 times from day 0."""
    text = run([args.hersim, "--json", "--quiet", "simulate", args.tumour, "--regimen", args.regimen,
                "--for", f"{DAYS} day", "--every", f"{DAYS / POINTS!r} day", "--states",
                "--rtol", str(RTOL), "--max-steps", "5000000"])
    columns = json.loads(text)["columns"]
    return {name: np.array(column["values"], float) for name, column in columns.items()}


def roadrunner_states(args, scale: dict[str, float]) -> dict[str, np.ndarray]:
    """The same from the exported SBML."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patient.xml"
        run([args.hersim, "--quiet", "convert", "patient", "--tumour", args.tumour, "--regimen", args.regimen,
             "--for", f"{DAYS + 1} day", "--to", "sbml", "--rtol", str(RTOL), "--out", str(path)])
        model = roadrunner.RoadRunner(str(path))
    flat = {name.replace(".", "__"): name for name in scale}
    amounts = set(model.model.getFloatingSpeciesIds())
    wanted = [i for i in flat if i in amounts or i in set(model.model.getRateRuleIds())]
    concentration = {i for i in wanted if i in amounts and not has_amount_units(model, i)}
    integrator = model.integrator
    integrator.relative_tolerance = RTOL
    integrator.absolute_tolerance = 1e-12
    for i in wanted:
        try:
            integrator.setIndividualTolerance(i, max(RTOL * 1e-3 * scale[flat[i]], 1e-300))
        except RuntimeError:
            pass
    integrator.maximum_num_steps = 1_000_000
    selections = ["time"] + [f"[{i}]" if i in concentration else i for i in wanted]
    times = list(np.linspace(0.0, DAYS, POINTS + 1))
    rows = np.array(model.simulate(times=times, selections=selections))
    return {flat[i]: rows[:, k + 1] for k, i in enumerate(wanted)}


def has_amount_units(model, species: str) -> bool:
    """Whether a species stands for an amount in formulas."""
    text = model.getSBML()
    at = text.index(f'<species id="{species}"') if f'<species id="{species}"' in text else text.index(f'id="{species}"')
    tag = text[text.rindex("<", 0, at + 1):text.index(">", at)]
    return 'hasOnlySubstanceUnits="true"' in tag


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hersim", default="target/release/hersim")
    parser.add_argument("--tumour", default="sensitive")
    parser.add_argument("--regimen", default="trastuzumab 8 then 6 mg/kg q3w + paclitaxel 175 mg/m2 q3w x6")
    args = parser.parse_args()
    ours = hersim_states(args)
    scale = {name: float(np.max(np.abs(values))) for name, values in ours.items()}
    theirs = roadrunner_states(args, scale)
    worst: list[tuple[float, str]] = []
    for name, reference in theirs.items():
        size = np.max(np.abs(reference))
        if size == 0.0:
            deviation = float(np.max(np.abs(ours[name])))
        else:
            # Row 0 is before the first step in one tool and after the first dose in the other.
            denominator = np.maximum(np.abs(reference[1:]), FLOOR * size)
            deviation = float(np.max(np.abs(ours[name][1:] - reference[1:]) / denominator))
        worst.append((deviation, name))
    worst.sort(reverse=True)
    print(f"{len(worst)} states, {POINTS} times over {DAYS:g} days: "
          f"largest relative deviation {worst[0][0]:.2e} ({worst[0][1]})")
    for deviation, name in worst[:5]:
        print(f"  {deviation:.2e}  {name}")
    if len(worst) < 50:
        print(f"only {len(worst)} states were compared: the export lost some")
        return 1
    return 0 if worst[0][0] <= RELATIVE else 1


if __name__ == "__main__":
    sys.exit(main())
