#!/usr/bin/env python3
"""Measures hersim against other simulators on the same models and the same patients.

    cargo build --release
    python bench/peers.py [MODEL...] [--quick] [--json]

All tools integrate the same virtual patients in interleaved rounds, each in a process of its own on one
thread. Counted is processor time of the integration alone, per patient; the error of each tool is
relative, over outputs and times, against libRoadRunner at tight tolerance (hersim at tight tolerance must
agree with it). A tool that is not installed, or cannot read a model, is named with the reason. `--json`
prints `{model: {"ms": {tool: …}, "error": {tool: …}, "ratio": {tool: its time over hersim's}, …}}`.
"""

import argparse
import json
import math
import os
import platform
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import antimony
import numpy as np

from peer_models import MODELS, Model

TOLERANCES = {  # of each tool; COPASI's mean more, therefore its error is smaller
    "hersim": (1e-5, None), "libRoadRunner": (1e-6, 1e-9), "COPASI": (1e-6, 1e-9),
    "bngsim": (1e-6, 1e-9), "AMICI": (1e-6, 1e-9), "diffsol": (1e-6, 1e-9),
}
PEERS = [tool for tool in TOLERANCES if tool != "hersim"]


class Refused(Exception):
    """A tool cannot do what is asked."""


class Worker:
    """A process that answers a line with a line."""

    def __init__(self, command: list[str], folder: Path):
        self.log = open(folder / "log.txt", "a")
        # Some tools call others that pip has put beside this Python.
        beside = str(Path(sys.executable).parent)
        environment = {"OMP_NUM_THREADS": "1", "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=self.log, env=os.environ | environment, start_new_session=True)

    def read(self, patience: float) -> dict:
        """The next answer."""
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        line = self.process.stdout.readline() if ready else None
        if line is None:
            self.close()
            raise Refused("not done in time")
        if not line:
            raise Refused("its process ended")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer

    def tell(self, question: dict) -> None:
        """Asks without waiting."""
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Refused("its process ended") from None

    def ask(self, question: dict, patience: float = 1e4) -> dict:
        """One question and its answer."""
        self.tell(question)
        return self.read(patience)

    def close(self) -> None:
        """Ends the process, and compilers that it has started."""
        if self.process.returncode is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()


class Files:
    """A model as Antimony and as SBML, without display names, which some tools take for ids."""

    def __init__(self, model: Model, args: argparse.Namespace, folder: Path, key: str):
        self.antimony, self.sbml = folder / f"{key}.ant", folder / f"{key}.xml"
        if model.tumour:
            for target, path in (("antimony", self.antimony), ("sbml", self.sbml)):
                subprocess.run([args.hersim, "-q", "convert", model.system, "--tumour", model.tumour, "--regimen",
                                model.regimen, "--to", target, "--out", str(path)], check=True, capture_output=True)
        else:
            source = Path(args.suites) / model.file
            if not source.exists():
                raise Refused(f"there is no {source}")
            text = source.read_text()
            if source.suffix == ".ant":
                self.antimony.write_text(text)
                antimony.clearPreviousLoads()
                if antimony.loadAntimonyString(text) < 0:
                    raise Refused(antimony.getLastError())
                self.sbml.write_text(antimony.getSBMLString(antimony.getModuleNames()[-1]))
            else:
                if model.ignore_fast:
                    text = text.replace('fast="true"', 'fast="false"')
                self.sbml.write_text(text)
                self.antimony = folder / f"{key}_named.xml"
                self.antimony.write_text(text)
        self.sbml.write_text(re.sub(r'(<\w+[^>]*?) name="[^"]*"', r"\1", self.sbml.read_text()))


def draw(model: Model, count: int, seed: int) -> list[list[float]]:
    """Parameters, [patient][parameter], log-normal."""
    sigma = math.sqrt(math.log1p(model.cv**2))
    typical = np.array(list(model.vary.values()), float)
    factors = np.random.default_rng(seed).standard_normal((count, typical.size))
    return (typical * np.exp(sigma * factors)).tolist()


def hersim_worker(model: Model, files: Files, values: list, args: argparse.Namespace, folder: Path) -> tuple:
    """hersim as a worker, and what loading has cost."""
    setup = folder / "setup.json"
    setup.write_text(json.dumps({
        "model": str(files.antimony), "parameters": list(model.vary), "outputs": model.outputs,
        "times": model.times(), "patients": values,
    }))
    worker = Worker([args.hersim, "bench", "--worker", str(setup)], folder)
    return worker, worker.read(args.patience)


def errors(found: np.ndarray, reference: np.ndarray, floor: float) -> dict:
    """Root mean square and largest relative error."""
    relative = (found - reference) / np.maximum(np.abs(reference), floor)
    return {"rms": float(np.sqrt(np.mean(relative**2))), "max": float(np.max(np.abs(relative)))}


def measure(key: str, model: Model, args: argparse.Namespace) -> dict:
    """All figures for one model."""
    folder = Path(tempfile.mkdtemp(prefix="peers-"))
    files = Files(model, args, folder, key)
    values = draw(model, model.patients, args.seed)
    hersim, loaded = hersim_worker(model, files, values, args, folder)
    rtol = TOLERANCES["hersim"][0]
    ask = {"width": 8, "rtol": rtol, "max_steps": 20_000}
    # An oscillating patient costs any tool a thousand times the usual: those are left out.
    good = [v for v, found in zip(values, hersim.ask(ask)["values"]) if found is not None]
    hersim.close()
    hersim, loaded = hersim_worker(model, files, good, args, folder)
    few = good[:min(model.peer_patients, 3) if args.quick else model.peer_patients]
    tight = hersim.ask({**ask, "rtol": 1e-10, "max_steps": 10**7, "compile": True})
    tight = np.array(tight["values"], float)

    tools, refused, load = {}, {}, {"hersim": loaded["load_ms"] + loaded["compile_ms"]}
    versions = {}
    job = {"sbml": str(files.sbml), "parameters": list(model.vary), "outputs": model.outputs,
           "times": model.times(), "dose": model.dose, "cache": str(args.cache)}
    # All load at once; what is counted is their own processor time.
    workers = {}
    for tool in args.tools:
        script = str(Path(__file__).with_name("peer_tools.py"))
        workers[tool] = Worker([sys.executable, script, tool], folder)
        workers[tool].tell(job)
    began = time.monotonic()
    for tool, worker in workers.items():
        try:
            said = worker.read(max(began + args.patience - time.monotonic(), 1.0))
            tools[tool], versions[tool], load[tool] = worker, said["version"], said["load_ms"]
        except Refused as why:
            refused[tool] = str(why)
            worker.close()
    reference, how = tight[:len(few)], "hersim at rtol 1e-10"
    if "libRoadRunner" in tools:
        try:
            asked = {"values": few, "rtol": model.reference, "atol": model.reference * 1e-3}
            reference = np.array(tools["libRoadRunner"].ask(asked, args.patience)["values"], float)
            how = f"libRoadRunner at rtol {model.reference:.0e}"
        except Refused as why:
            refused["libRoadRunner"] = str(why)
            del tools["libRoadRunner"]

    times: dict[str, list[float]] = {"hersim": [], **{tool: [] for tool in tools}}
    found, peak = {}, {}
    hersim.ask({**ask, "quiet": True})  # machine code is made once, and counted as loading
    for _ in range(args.rounds):
        answer = hersim.ask(ask)
        times["hersim"].append(answer["cpu_ms"] / len(good))
        found["hersim"] = np.array(answer["values"], float)[:len(few)]
        for tool, worker in list(tools.items()):
            relative, absolute = TOLERANCES[tool]
            try:
                said = worker.ask({"values": few, "rtol": relative, "atol": absolute}, args.patience)
            except Refused as why:
                refused[tool] = str(why)
                del tools[tool]
                continue
            times[tool].append(said["cpu_ms"] / len(few))
            found[tool], peak[tool] = np.array(said["values"], float), said["peak_mib"]
    scaling = [] if args.quick else scale(hersim, ask)
    hersim.close()
    for worker in tools.values():
        worker.close()
    names = ["hersim", *tools]
    error = {tool: errors(found[tool], reference, model.floor) for tool in names}
    return {
        "title": model.title, "states": loaded["states"], "patients": len(good), "peer_patients": len(few),
        "rounds": args.rounds, "reference": how,
        "references_apart": errors(tight[:len(few)], reference, model.floor),
        "ms": {tool: statistics.median(times[tool]) for tool in names},
        "spread": {tool: max(times[tool]) / min(times[tool]) for tool in names},
        "error": {tool: error[tool]["rms"] for tool in names},
        "largest_error": {tool: error[tool]["max"] for tool in names},
        "ratio": {tool: statistics.median(t / h for t, h in zip(times[tool], times["hersim"]))
                  for tool in names},
        "load_ms": load, "peak_mib": peak, "versions": versions, "missing": refused, "scaling": scaling,
    }


def scale(hersim: Worker, ask: dict) -> list[dict]:
    """hersim with more patients, and on two threads."""
    rows = []
    for count, threads in ((100, 1), (1000, 1), (1000, 2), (10_000, 1), (10_000, 2)):
        said = hersim.ask({**ask, "count": count, "threads": threads, "quiet": True})
        resident = Path(f"/proc/{hersim.process.pid}/status")
        peak = re.search(r"VmHWM:\s*(\d+)", resident.read_text()) if resident.exists() else None
        rows.append({"patients": count, "threads": threads, "cpu_ms": said["cpu_ms"] / count,
                     "wall_ms": said["wall_ms"] / count, "peak_mib": int(peak[1]) / 1024 if peak else None})
    return rows


def table(result: dict) -> str:
    """The figures of one model as Markdown."""
    lines = [f"### {result['title']}", "",
             f"{result['patients']} patients (other tools: the first {result['peer_patients']}), median of "
             f"{result['rounds']} interleaved rounds; {result['states']} states in hersim; errors against "
             f"{result['reference']}, from which hersim at rtol 1e-10 is {result['references_apart']['max']:.0e} "
             "at most.", "",
             "| tool | CPU ms per patient | times hersim | rms error | largest error | load and compile, s |",
             "|---|---|---|---|---|---|"]
    for tool, ms in sorted(result["ms"].items(), key=lambda pair: pair[1]):
        version = result["versions"].get(tool, "")
        lines.append(f"| {tool} {version} | {ms:.3g} | {result['ratio'][tool]:.3g} | {result['error'][tool]:.1e} | "
                     f"{result['largest_error'][tool]:.1e} | {result['load_ms'][tool] / 1e3:.2g} |")
    lines += [f"| {tool} | missing: {why} | | | | |" for tool, why in result["missing"].items()]
    if result["scaling"]:
        lines += ["", "| patients | threads | CPU ms per patient | clock ms per patient | peak memory, MiB |",
                  "|---|---|---|---|---|"]
        for row in result["scaling"]:
            peak = f"{row['peak_mib']:.0f}" if row["peak_mib"] else ""
            lines.append(f"| {row['patients']} | {row['threads']} | {row['cpu_ms']:.2f} | {row['wall_ms']:.2f} | {peak} |")
    return "\n".join(lines) + "\n"


def cpu_name() -> str:
    """The processor, as Linux names it."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.*)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="her2_99 only, less than a minute")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--tools", nargs="*", default=PEERS, choices=PEERS)
    parser.add_argument("--hersim", default="target/release/hersim", help="the binary")
    parser.add_argument("--suites", default="../shared/suites", help="folder with the models of others")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hersim-peers",
                        help="where tools that generate code keep it")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--patience", type=float, help="seconds that a tool may take for one answer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bar", type=float, help="ends with 1 when libRoadRunner takes less than this many "
                                                  "times hersim's time, or hersim's error is larger")
    args = parser.parse_args()
    args.rounds = args.rounds or (3 if args.quick else 5)
    args.patience = args.patience or (25 if args.quick else 600)
    args.cache.mkdir(parents=True, exist_ok=True)
    if unknown := [name for name in args.models if name not in MODELS]:
        parser.error(f"no model {', '.join(unknown)}")
    results, met = {}, True
    for key in args.models or (["her2_99"] if args.quick else MODELS):
        model = MODELS[key]
        try:
            results[key] = measure(key, model, args)
        except Refused as why:
            results[key] = {"skipped": str(why)}
        except subprocess.CalledProcessError as error:
            results[key] = {"skipped": error.stderr.decode()[:300]}
        result = results[key]
        if not args.json:
            print(table(result) if "ms" in result else f"{key}: skipped: {result['skipped']}\n", flush=True)
        if args.bar and "libRoadRunner" in result.get("ms", {}):
            error = result["error"]
            met &= result["ratio"]["libRoadRunner"] >= args.bar and error["hersim"] <= error["libRoadRunner"]
    if args.json:
        print(json.dumps(results))
    else:
        print(f"{cpu_name()}, {time.strftime('%Y-%m-%d')}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
