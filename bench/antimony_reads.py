#!/usr/bin/env python3
"""Lets libAntimony read what hersim writes, and compares what it makes of it.

    python bench/antimony_reads.py MODEL... [--hersim PATH]

A MODEL is an SBML file or the id of a system of the project. Each is converted to Antimony and to
SBML with `hersim convert`; libAntimony reads the first, and libRoadRunner follows both for `--for`
units of time. Every species is compared at 11 times: allowed is a relative deviation of 1e-6 of
its largest value, with 1e-12 of the model's as floor. Models that cannot be written as Antimony,
and those that libRoadRunner cannot run as SBML, are told and passed over. Exit code 0 when all
agree, 1 otherwise.
"""

import argparse
import multiprocessing
import queue
import subprocess
import sys

PATIENCE = 300
RELATIVE = 1e-6


def converted(hersim: str, model: str, to: str) -> str:
    """The model as text; an error is what hersim says."""
    made = subprocess.run([hersim, "convert", model, "--to", to], capture_output=True, text=True)
    if made.returncode != 0:
        raise ValueError(made.stderr.strip().splitlines()[0])
    return made.stdout


def read_by_libantimony(text: str) -> str:
    """The SBML that libAntimony makes of a text."""
    import antimony

    if antimony.loadAntimonyString(text) < 0:
        raise RuntimeError(antimony.getLastError())
    return antimony.getSBMLString(antimony.getMainModuleName())


def followed(sbml: str, end: float) -> dict:
    """Species by name, at 11 times."""
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    runner = roadrunner.RoadRunner(sbml)
    runner.integrator.relative_tolerance = 1e-9
    runner.integrator.absolute_tolerance = 1e-14
    names = list(runner.model.getFloatingSpeciesIds()) + list(runner.model.getBoundarySpeciesIds())
    rows = runner.simulate(0, end, 11, ["time"] + [f"[{name}]" for name in names])
    return {name: rows[:, i + 1].copy() for i, name in enumerate(names)}


def compare(hersim: str, model: str, end: float, answer) -> None:
    """Puts a word and its reason into `answer`: same, passed, unread or apart."""
    import numpy as np

    try:
        text = converted(hersim, model, "antimony")
        ours = followed(converted(hersim, model, "sbml"), end)
    except Exception as error:  # noqa: BLE001 - whatever stops a tool is told
        answer.put(("passed", str(error)[:100]))
        return
    try:
        theirs = followed(read_by_libantimony(text), end)
    except Exception as error:  # noqa: BLE001
        answer.put(("unread", str(error)[:200]))
        return
    largest = max((np.nanmax(np.abs(row)) for row in ours.values()), default=0.0)
    worst = (0.0, "")
    for name, row in ours.items():
        scale = max(np.nanmax(np.abs(row)), 1e-12 * largest, 1e-300)
        apart = np.nanmax(np.abs(row - theirs[name])) / scale if name in theirs else np.inf
        worst = max(worst, (apart, name))
    word = "same" if worst[0] <= RELATIVE else "apart"
    answer.put((word, f"{len(ours)} species, {worst[0]:.1e} {worst[1]}"))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("models", nargs="+")
    options.add_argument("--hersim", default="target/release/hersim")
    options.add_argument("--for", dest="end", type=float, default=2.0)
    options = options.parse_args()
    counts = {}
    for model in options.models:
        # A process of its own: what one model does to a library must not reach the next.
        answer = multiprocessing.Queue()
        arguments = (options.hersim, model, options.end, answer)
        work = multiprocessing.Process(target=compare, args=arguments)
        work.start()
        try:
            word, why = answer.get(timeout=PATIENCE)
        except queue.Empty:
            word, why = "passed", "no answer"
        work.kill()
        counts[word] = counts.get(word, 0) + 1
        if word != "same" or len(options.models) < 20:
            print(f"{word:7} {model}: {why}", flush=True)
    print(", ".join(f"{count} {word}" for word, count in sorted(counts.items())))
    return 1 if counts.keys() & {"unread", "apart"} else 0


if __name__ == "__main__":
    sys.exit(main())
