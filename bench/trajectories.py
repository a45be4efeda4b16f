#!/usr/bin/env python3
"""Compares hersim's trajectories with libRoadRunner's on the exported model.

    python bench/trajectories.py [--hersim PATH] [--case TUMOUR REGIMEN]... [--dish TUMOUR MEDIUM]...

A tumour in the patient system is exported to SBML with its doses as events (a tumour in the
culture system: in drugged medium). Both integrate with rtol 1e-9 and absolute tolerances scaled
per state; for a dish libRoadRunner gets 1e-10, because its own error at 1e-9 is larger than what
is allowed where armed NK cells fade to a hundred-thousandth of their peak. Compared is every state (each species and each variable with a rate
rule) at the start and 100 times over a year (a dish: 30 days): each must agree within 1e-4
relative, with 1e-6 of the state's largest value as floor (of one unit for a state that hersim
proves to be zero, where rounding remains in libRoadRunner). A state that only one of the two
has is an error. Exit code 0 when all agree, 1 otherwise.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import roadrunner

RTOL = 1e-9
DISH_RTOL = 1e-10  # libRoadRunner's, see above
POINTS = 100
RELATIVE = 1e-4
FLOOR = 1e-6

CASES = [
    ("sensitive", "trastuzumab 8 then 6 mg/kg q3w + paclitaxel 175 mg/m2 q3w x6"),
    ("pten_null", "trastuzumab_q3w"),
    ("p95_rich", "doxorubicin 60 mg/m2 q3w x6 + cyclophosphamide 600 mg/m2 q3w x6"
                 " + trastuzumab 4 then 2 mg/kg qw"),
    ("sensitive", "trastuzumab_sc"),
    ("heterogeneous", "paclitaxel_trastuzumab"),
]
DISHES = [("bt474", "trastuzumab=10 ug/mL")]


@dataclass
class Case:
    """What is simulated by both tools."""

    title: str
    system: str
    tumour: str
    options: list[str]
    days: float

    @property
    def times(self) -> np.ndarray:
        """Times of the rows, days."""
        return np.arange(POINTS + 1) * self.days / POINTS


@dataclass
class State:
    """A species or a variable with a rate rule, as the exported document declares it."""

    id: str
    name: str
    volume: float | None
    """Size of the compartment of a species that formulas know by its concentration."""


def run(command: list[str]) -> str:
    """Standard output of a command; its error ends the comparison."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def hersim_states(hersim: list[str], case: Case) -> dict[str, np.ndarray]:
    """All columns by name, [time]."""
    text = run([*hersim, "--json", "--quiet", "simulate", case.tumour, "--system", case.system,
                *case.options, "--for", f"{case.days!r} day", "--every", f"{case.days / POINTS!r} day",
                "--states", "--rtol", str(RTOL), "--max-steps", "10000000"])
    answer = json.loads(text)
    if answer["failure"] is not None:
        sys.exit(f"{case.title}: hersim gave up: {answer['failure']}")
    columns = {name: np.array(column["values"], float) for name, column in answer["columns"].items()}
    if not np.allclose(columns["day"], case.times, rtol=1e-12, atol=0.0):
        sys.exit(f"{case.title}: hersim's rows are not at the times asked for")
    return columns


def exported(hersim: list[str], case: Case) -> str:
    """The system as SBML, doses included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system.xml"
        run([*hersim, "--quiet", "convert", case.system, "--tumour", case.tumour, *case.options,
             "--for", f"{case.days + 1!r} day", "--to", "sbml", "--rtol", str(RTOL), "--out", str(path)])
        return path.read_text()


def states_of(document: str) -> list[State]:
    """What changes by a reaction or a rate rule, and every other species."""
    root = ElementTree.fromstring(document)
    space = {"s": root.tag[1:root.tag.index("}")]}
    size = {c.get("id"): float(c.get("size")) for c in root.iterfind(".//s:compartment", space)}
    states = [
        State(s.get("id"), s.get("name"),
              None if s.get("hasOnlySubstanceUnits") == "true" else size[s.get("compartment")])
        for s in root.iterfind(".//s:species", space)
    ]
    names = {p.get("id"): p.get("name") for p in root.iterfind(".//s:parameter", space)}
    rules = [rule.get("variable") for rule in root.iterfind(".//s:rateRule", space)]
    return states + [State(i, names[i], None) for i in rules if i in names]


def roadrunner_states(case: Case, document: str, states: list[State], scale: dict[str, float]) -> dict[str, np.ndarray]:
    """The same from the document, [time], in the meaning formulas give to each state."""
    model = roadrunner.RoadRunner(document)
    integrator = model.integrator
    rtol = RTOL if case.system == "patient" else DISH_RTOL
    integrator.relative_tolerance = rtol
    integrator.maximum_num_steps = 1_000_000
    integrator.initial_time_step = 1e-6
    for state in states:
        # libRoadRunner integrates amounts.
        size = (scale[state.name] or 1.0) * (state.volume or 1.0)
        integrator.setIndividualTolerance(state.id, rtol * 1e-3 * size)
    selections = [s.id if s.volume is None else f"[{s.id}]" for s in states]
    rows = np.array(model.simulate(times=list(case.times), selections=["time", *selections]))
    if rows.shape[0] != POINTS + 1 or not np.allclose(rows[:, 0], case.times, rtol=1e-12, atol=0.0):
        sys.exit(f"{case.title}: libRoadRunner's rows are not at the times asked for")
    return {state.name: rows[:, k + 1] for k, state in enumerate(states)}


def compare(hersim: list[str], case: Case) -> bool:
    """Whether both tools agree on one case; prints how well."""
    began = time.perf_counter()
    ours = hersim_states(hersim, case)
    document = exported(hersim, case)
    states = states_of(document)
    missing = [s.name for s in states if s.name not in ours]
    if missing:
        sys.exit(f"{case.title}: exported, but not among hersim's states: {', '.join(missing)}")
    # Readouts have no dots; of the states, only those of the system's own file.
    lost = {name for name in ours if "." in name} - {s.name for s in states}
    if lost:
        sys.exit(f"{case.title}: a state, but not exported: {', '.join(sorted(lost))}")
    scale = {s.name: float(np.max(np.abs(ours[s.name]))) for s in states}
    theirs = roadrunner_states(case, document, states, scale)
    worst = sorted(((deviation(ours[name], theirs[name]), name) for name in theirs), reverse=True)
    moving = sum(bool(np.ptp(values) > 0.0) for values in theirs.values())
    good = worst[0][0] <= RELATIVE
    print(f"{'agrees' if good else 'DIFFERS'}  {case.title}: {len(states)} states ({moving} moving), "
          f"{POINTS + 1} times over {case.days:g} days, largest relative deviation {worst[0][0]:.1e} "
          f"({worst[0][1]}), {time.perf_counter() - began:.1f} s")
    for size, name in worst[1:4] if good else worst[1:12]:
        print(f"          {size:.1e}  {name}")
    return good


def deviation(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest relative deviation, with a floor; infinite when a value is not a number."""
    largest = np.max(np.abs(ours)) or 1.0
    relative = np.abs(ours - theirs) / np.maximum(np.abs(theirs), FLOOR * largest)
    worst = float(np.max(relative))
    return worst if np.isfinite(worst) else np.inf


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hersim", default="target/release/hersim", help="the binary")
    parser.add_argument("--project", help="folder with model/ and library/")
    parser.add_argument("--case", nargs=2, action="append", metavar=("TUMOUR", "REGIMEN"),
                        help="a patient to compare instead of the usual ones")
    parser.add_argument("--dish", nargs=2, action="append", metavar=("TUMOUR", "MEDIUM"),
                        help="a culture to compare instead of the usual ones")
    args = parser.parse_args()
    hersim = [args.hersim] + (["--project", args.project] if args.project else [])
    chosen = args.case or args.dish
    cases = [Case(f"{tumour}, {regimen}", "patient", tumour, ["--regimen", regimen], 365.0)
             for tumour, regimen in (args.case or [] if chosen else CASES)]
    cases += [Case(f"{tumour} in a dish, {medium}", "culture", tumour, ["--medium", medium], 30.0)
              for tumour, medium in (args.dish or [] if chosen else DISHES)]
    results = [compare(hersim, case) for case in cases]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
