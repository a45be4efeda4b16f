#!/usr/bin/env python3
"""Measures hersim with more patients, threads and states: tables, or JSON for `plot.py`.

    cargo build --release
    python bench/scaling.py [--json] [--most 100000]

Patients: 10² up to `--most` of the generated HER2 model on one thread and on two, each in a process
of its own, so that its peak memory is its own. States: the project's patient with one to five subclones,
made from the tumour of the table in a copy of the project. Two threads are compared with one by
interleaved rounds on the clock; the load of the machine is printed with them.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUBCLONES = [1, 2, 3, 4, 5]


def bench(hersim: str, project: Path, suites: str, *options: str) -> list[dict]:
    """What `hersim bench` says of the models."""
    command = [hersim, "--project", str(project), "bench", *options, "--suites", suites, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    found = json.loads(done.stdout)
    if found["missing"]:
        sys.exit(str(found["missing"]))
    return found["models"]


def patients(args: argparse.Namespace) -> list[dict]:
    """One row per number of patients and threads."""
    rows, count = [], 100
    while count <= args.most:
        for threads in (1, 2):
            [row] = bench(args.hersim, ROOT, args.suites, "her2_99", "-n", str(count), "--threads", str(threads))
            rows.append({"patients": count, "threads": threads,
                         **{key: row[key] for key in ("cpu_ms", "wall_ms", "peak_mib", "steps")}})
        count *= 10
    return rows


def threads(args: argparse.Namespace) -> dict:
    """How much sooner two threads end than one: the median of interleaved rounds, and each round."""
    rounds = []
    for _ in range(args.rounds):
        pair = [bench(args.hersim, ROOT, args.suites, "patient", "-n", "500", "--threads", n)[0] for n in "12"]
        rounds.append({"sooner": pair[0]["wall_ms"] / pair[1]["wall_ms"],
                       "cpu": pair[1]["cpu_ms"] / pair[0]["cpu_ms"], "load": os.getloadavg()[0]})
    return {"sooner": statistics.median(r["sooner"] for r in rounds),
            "best": max(r["sooner"] for r in rounds),
            "cpu": statistics.median(r["cpu"] for r in rounds), "rounds": rounds}


def states(args: argparse.Namespace) -> list[dict]:
    """One row per number of subclones."""
    entry = tomllib.loads((ROOT / "bench/models.toml").read_text())["patient"]
    tumour = (ROOT / f"library/tumours/{entry['tumour']}.toml").read_text()
    head, *subclones = tumour.split("[[subclone]]")
    traits = subclones[-1].split("[subclone.attributes]")[1]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for part in ("model", "library"):
            shutil.copytree(ROOT / part, project / part)
        # The project allows four; a fifth is here to pass five hundred states.
        system = project / f"model/systems/{entry['system']}.toml"
        system.write_text(re.sub(r"at_most = \d+", f"at_most = {max(SUBCLONES)}", system.read_text()))
        table = ""
        for count in SUBCLONES:
            name = f"subclones_{count}"
            # The system shows readouts of the first subclone, so its name must stay.
            ids = [subclones[0].split('"')[1]] + [f"other{i}" for i in range(1, count)]
            parts = [f'[[subclone]]\nid = "{ids[i]}"\nfraction = {1 / count!r}\n'
                     + ("" if i == 0 else f"[subclone.attributes]{traits}") for i in range(count)]
            text = re.sub(r'^id = .*$', f'id = "{name}"', head, flags=re.M)
            (project / f"library/tumours/{name}.toml").write_text(text + "\n".join(parts))
            model = {**entry, "tumour": name, "outputs": [f"{ids[0]}__cells"]}
            plain = {key: value for key, value in model.items() if key != "vary"}
            table += f"[{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in plain.items())
            table += f"[{name}.vary]\n" + "".join(f"{k} = {v!r}\n" for k, v in entry["vary"].items())
        (project / "bench").mkdir()
        (project / "bench/models.toml").write_text(table)
        rows = bench(args.hersim, project, args.suites)
    return [{"subclones": int(row["model"].split("_")[1]), **row} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--hersim", default="target/release/hersim", help="the binary")
    parser.add_argument("--suites", default="../shared/suites", help="folder with the models of others")
    parser.add_argument("--most", type=int, default=100_000, help="patients at most")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of two threads against one")
    args = parser.parse_args()
    args.hersim = str(Path(args.hersim).resolve())
    found = {"states": states(args), "patients": patients(args), "threads": threads(args)}
    if args.json:
        print(json.dumps(found))
        return
    print("| subclones | states | ms per patient-year | steps | load, ms | compile, ms |\n|---|---|---|---|---|---|")
    for row in found["states"]:
        print(f"| {row['subclones']} | {row['states']} | {row['cpu_ms']:.2f} | {row['steps']:.0f} | "
              f"{row['load_ms']:.0f} | {row['compile_ms']:.0f} |")
    print("\n| patients | threads | CPU ms | clock ms | peak MiB |\n|---|---|---|---|---|")
    for row in found["patients"]:
        print(f"| {row['patients']} | {row['threads']} | {row['cpu_ms']:.2f} | {row['wall_ms']:.2f} | {row['peak_mib']:.0f} |")
    two = found["threads"]
    load = ", ".join(f"{one['load']:.1f}" for one in two["rounds"])
    print(f"\ntwo threads end {two['sooner']:.2f} times sooner (best round {two['best']:.2f}) for {two['cpu']:.2f} "
          f"times the processor time; load {load}")


if __name__ == "__main__":
    main()
