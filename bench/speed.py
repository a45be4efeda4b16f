#!/usr/bin/env python3
"""Measures hersim's engine against libRoadRunner on the same model and the same patients.

    cargo build --release -p hersim-bench
    python bench/speed.py [--bench PATH] [--model FILE] [--json]

Both tools integrate the same virtual patients in interleaved rounds on one thread; counted is
processor time of the integration alone, and the error of each tool against libRoadRunner at
tight tolerance. Exit code 0 also when the model file is not there; 1 when hersim is less than
--bar times faster at an error no larger than libRoadRunner's.
"""

import argparse
import json
import math
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import antimony
import numpy as np
import roadrunner

CYCLES, INTERVAL = 18, 21.0
FIRST, LATER = 8.0, 6.0  # mg/kg
MOLAR_MASS = 145.531  # kg/mol; the model's MW
CV = 0.3
PARAMETERS = {  # values of the model, around which patients vary
    "WT": 70, "Vc": 2.62, "Vp": 2.97, "CL": 0.127, "Q": 0.544, "VM": 60.5, "KM": 61.3, "kpen": 1.2,
    "HRG": 0.5, "EGF": 0.3, "kap": 0.02, "muSP": 2e-5, "muST": 1e-5,
    "R2tot_1": 150, "R2tot_2": 140, "R2tot_3": 60, "P95tot_3": 60,
    "PTEN_1": 1, "PTEN_2": 0.25, "kg_1": 0.045, "kg_2": 0.042, "kg_3": 0.04,
    "kill_1": 0.055, "kill_2": 0.03, "kill_3": 0.018,
}
OUTPUTS = ["N_1", "N_2", "N_3", "Dt", "Ac"]  # cell numbers, drug in tumour and plasma
FLOOR = 1e-3  # of relative errors, in the outputs' units
HERSIM = {"rtol": 1e-5}
ROADRUNNER = {"rtol": 1e-6, "atol": 1e-9}
REFERENCE = {"rtol": 1e-11, "atol": 1e-14}
MAX_STEPS = 20_000


def draw(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters, [patient][parameter], and doses, [patient][cycle] in nmol."""
    sigma = math.sqrt(math.log1p(CV**2))
    typical = np.array(list(PARAMETERS.values()), float)
    values = typical * np.exp(sigma * np.random.default_rng(seed).standard_normal((count, typical.size)))
    per_kg = np.array([FIRST] + [LATER] * (CYCLES - 1))
    doses = per_kg * values[:, :1] / MOLAR_MASS * 1000.0
    return values, doses


class Hersim:
    """A running hersim-bench."""

    def __init__(self, binary: str, model: Path, values: np.ndarray, doses: np.ndarray):
        setup = {
            "model": str(model), "dosed": "Ac", "interval": INTERVAL,
            "parameters": list(PARAMETERS), "outputs": OUTPUTS,
            "patients": [{"values": v, "doses": d} for v, d in zip(values.tolist(), doses.tolist())],
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(setup, file)
        self.setup = Path(file.name)
        self.process = subprocess.Popen([binary, str(self.setup)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def run(self, width: int, rtol: float, max_steps: int = MAX_STEPS) -> dict:
        """One run of all patients."""
        self.process.stdin.write(json.dumps({"width": width, "rtol": rtol, "max_steps": max_steps}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("hersim-bench ended")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()
        self.setup.unlink(missing_ok=True)


def without_events(text: str) -> str:
    """The model without its doses, which are given from outside in both tools."""
    return re.sub(r"(?m)^\s*E\d+: at .*$\n?", "", text)


class RoadRunner:
    """The model in libRoadRunner."""

    def __init__(self, model: Path):
        if antimony.loadAntimonyString(without_events(model.read_text())) < 0:
            sys.exit(antimony.getLastError())
        began = time.process_time()
        self.model = roadrunner.RoadRunner(antimony.getSBMLString(antimony.getModuleNames()[-1]))
        self.compile_ms = (time.process_time() - began) * 1e3
        self.selections = ["time"] + OUTPUTS

    def run(self, values: np.ndarray, doses: np.ndarray, rtol: float, atol: float) -> tuple[float, np.ndarray]:
        """CPU milliseconds and outputs, [patient][cycle][output]."""
        model, integrator = self.model, self.model.integrator
        integrator.relative_tolerance = rtol
        integrator.absolute_tolerance = atol
        integrator.maximum_num_steps = 1_000_000
        model.timeCourseSelections = self.selections
        outputs = np.empty((len(values), CYCLES, len(OUTPUTS)))
        began = time.process_time()
        for patient, given, result in zip(values, doses, outputs):
            model.reset()
            for name, value in zip(PARAMETERS, patient):
                model[name] = value
            for cycle, dose in enumerate(given):
                model["Ac"] = model["Ac"] + dose
                rows = model.simulate(cycle * INTERVAL, (cycle + 1) * INTERVAL, 2)
                result[cycle] = rows[-1, 1:]
        return (time.process_time() - began) * 1e3, outputs


def errors(found: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Root mean square and largest relative error."""
    relative = (found - reference) / np.maximum(np.abs(reference), FLOOR)
    return float(np.sqrt(np.mean(relative**2))), float(np.max(np.abs(relative)))


def cpu_name() -> str:
    """The processor, as Linux names it."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.*)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor()


def measure(args: argparse.Namespace, model: Path) -> dict:
    """All figures."""
    values, doses = draw(args.patients, args.seed)
    hersim = Hersim(args.bench, model, values, doses)
    # An oscillating patient costs any tool a thousand times the usual: those are left out.
    good = [i for i, found in enumerate(hersim.run(8, HERSIM["rtol"])["values"]) if found is not None]
    hersim.close()
    values, doses = values[good], doses[good]
    hersim = Hersim(args.bench, model, values, doses)
    other = RoadRunner(model)
    few = slice(0, args.roadrunner_patients)
    reference = other.run(values[few], doses[few], **REFERENCE)[1]
    tight = np.array(hersim.run(8, 1e-10, 10_000_000)["values"], float)
    widths, times = (1, 4, 8), {1: [], 4: [], 8: [], "roadrunner": []}
    answers = {}
    for _ in range(args.rounds):
        for width in widths:
            answers[width] = hersim.run(width, HERSIM["rtol"])
            times[width].append(answers[width]["cpu_ms"] / len(values))
        cpu, outputs = other.run(values[few], doses[few], **ROADRUNNER)
        times["roadrunner"].append(cpu / len(outputs))
    hersim.close()
    theirs = statistics.median(times["roadrunner"])
    rows = [{
        "tool": f"libRoadRunner {roadrunner.__version__}", "rtol": ROADRUNNER["rtol"], "lanes": None,
        "cpu_ms": theirs, "spread": spread(times["roadrunner"]), "steps": None, "ratio": 1.0,
        **dict(zip(("rms", "max"), errors(outputs, reference))),
    }]
    for width in widths:
        answer, median = answers[width], statistics.median(times[width])
        ratio = statistics.median(r / h for r, h in zip(times["roadrunner"], times[width]))
        found = np.array(answer["values"], float)
        if answer["width"] != width:
            continue  # the processor cannot
        rows.append({
            "tool": "hersim", "rtol": HERSIM["rtol"], "lanes": width, "cpu_ms": median,
            "spread": spread(times[width]), "steps": answer["steps"] / len(values),
            "ratio": ratio, **dict(zip(("rms", "max"), errors(found[few], reference))),
            "all_rms": errors(found, tight)[0], "all_max": errors(found, tight)[1],
        })
    return {
        "cpu": cpu_name(), "date": time.strftime("%Y-%m-%d"), "model": model.name,
        "patients": len(values), "left_out": args.patients - len(values),
        "roadrunner_patients": len(outputs), "rounds": args.rounds,
        "roadrunner_compile_ms": other.compile_ms,
        "references_apart": dict(zip(("rms", "max"), errors(tight[few], reference))),
        "rows": rows,
    }


def spread(times: list[float]) -> float:
    """Largest over smallest."""
    return max(times) / min(times)


def show(result: dict) -> None:
    """The figures as a table."""
    print(f"{result['model']} on {result['cpu']}, {result['date']}: {result['patients']} patients "
          f"({result['left_out']} oscillating ones left out), {CYCLES * INTERVAL:g} days; "
          f"libRoadRunner: the first {result['roadrunner_patients']}; median of {result['rounds']} rounds\n")
    print("tool                  lanes   rtol   CPU ms/patient   spread   steps   rms error   max error   faster")
    for row in result["rows"]:
        steps = "" if row["steps"] is None else f"{row['steps']:.0f}"
        print(f"{row['tool']:<20}  {row['lanes'] or '':>5}  {row['rtol']:5.0e}  {row['cpu_ms']:15.2f}"
              f"  {row['spread']:6.2f}x  {steps:>6}  {row['rms']:10.1e}  {row['max']:10.1e}  {row['ratio']:6.1f}x")
    apart = result["references_apart"]
    print(f"\nErrors are against libRoadRunner at rtol {REFERENCE['rtol']:g}; hersim at 1e-10 is "
          f"{apart['rms']:.0e} (at most {apart['max']:.0e}) from it. "
          f"libRoadRunner's compile time, {result['roadrunner_compile_ms']:.0f} ms, is not counted.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default="target/release/hersim-bench", help="the binary")
    parser.add_argument("--model", default="../shared/suites/qsp/her2_99.ant", help="Antimony file")
    parser.add_argument("--patients", type=int, default=64)
    parser.add_argument("--roadrunner-patients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bar", type=float, default=20.0, help="how many times faster hersim must be")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    model = Path(args.model)
    if not model.exists():
        print(f"skipped: there is no {model}")
        return 0
    result = measure(args, model)
    rival, best = result["rows"][0], result["rows"][-1]
    met = best["ratio"] >= args.bar and best["rms"] <= rival["rms"] and best["max"] <= rival["max"]
    if args.json:
        print(json.dumps(result | {"bar": args.bar, "met": met}, indent=1))
    else:
        show(result)
        print(f"Bar: {args.bar:g} times less CPU per patient at an error no larger: {'met' if met else 'MISSED'}.")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
