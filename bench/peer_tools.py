#!/usr/bin/env python3
"""One simulator behind one interface, in a process of its own.

    python bench/peer_tools.py TOOL

The first line of standard input is a job: `{"sbml": path, "parameters": [id], "outputs": [id],
"times": [t], "cache": folder, "dose": …}`. The answer tells version and cost of loading. Each further line
asks for one run: `{"values": [[value per parameter] per patient], "rtol": …, "atol": …}`; the answer
holds `cpu_ms` of the integrations alone and `values`, `[patient][time][output]`. A tool that cannot
answers `{"refused": reason}` and ends. Tools print what they like; answers go to a copy of standard output.
"""

import json
import os
import re
import resource
import sys
import time
from pathlib import Path

import numpy as np


class RoadRunner:
    """libRoadRunner: compiled right-hand side, CVODE with a dense matrix."""

    def __init__(self, job: dict):
        import roadrunner
        roadrunner.Logger.disableLogging()
        self.version = roadrunner.__version__
        self.model = roadrunner.RoadRunner(job["sbml"])
        self.parameters, self.times = job["parameters"], [0.0] + job["times"]
        self.model.timeCourseSelections = job["outputs"]

    def run(self, values: list, rtol: float, atol: float) -> list:
        model = self.model
        model.integrator.relative_tolerance = rtol
        model.integrator.absolute_tolerance = atol
        model.integrator.maximum_num_steps = 10_000_000
        found = []
        for patient in values:
            # An event at time zero happens within the reset, so the values must be there before it;
            # and only `resetAll` takes back what the events of the last patient have set.
            model.resetAll()
            for name, value in zip(self.parameters, patient):
                model[name] = value
            model.reset()
            found.append(np.array(model.simulate(times=self.times))[1:])
        return found


class Copasi:
    """COPASI through basico: LSODA, interpreted and dense."""

    def __init__(self, job: dict):
        import basico
        self.basico, self.version = basico, basico.__version__
        self.model = basico.load_model(job["sbml"], remove_user_defined_functions=True)
        self.parameters, self.outputs = job["parameters"], job["outputs"]
        self.times = [0.0] + job["times"]
        basico.set_task_settings("Time-Course", {"method": {"Max Internal Steps": 100_000_000}})

    def run(self, values: list, rtol: float, atol: float) -> list:
        basico, found = self.basico, []
        for patient in values:
            for name, value in zip(self.parameters, patient):
                basico.set_parameters(name, exact=True, initial_value=value)
            rows = basico.run_time_course(values=self.times, r_tol=rtol, a_tol=atol, use_sbml_id=True,
                                          use_initial_values=True, use_numbers=False)
            found.append(rows[self.outputs].to_numpy()[-len(self.times) + 1:])
        return found


class Bngsim:
    """bngsim: CVODE with KLU and an analytic Jacobian; C code where there is a compiler."""

    def __init__(self, job: dict):
        import bngsim
        self.version = bngsim.__version__
        self.model = bngsim.Model.from_sbml(job["sbml"])
        try:
            self.simulator = bngsim.Simulator(self.model, method="ode", codegen=True)
        except Exception:  # no C compiler
            self.simulator = bngsim.Simulator(self.model, method="ode")
        self.parameters, self.outputs = job["parameters"], job["outputs"]
        self.times = [0.0] + job["times"]

    def run(self, values: list, rtol: float, atol: float) -> list:
        found = []
        for patient in values:
            self.model.reset()
            for name, value in zip(self.parameters, patient):
                self.model.set_param(name, value)
            result = self.simulator.run(sample_times=self.times, rtol=rtol, atol=atol, max_steps=10_000_000)
            names = list(result.species_names)
            species = np.array(result.species)
            found.append(species[1:, [names.index(output) for output in self.outputs]])
        return found


class Amici:
    """AMICI: generated C++, CVODES with KLU."""

    def __init__(self, job: dict):
        import amici
        from amici.importers.sbml import SbmlImporter
        from amici.sim import sundials
        self.sundials, self.version = sundials, amici.__version__
        name = "peer_" + re.sub(r"\W", "_", Path(job["sbml"]).stem)
        folder = Path(job["cache"]) / f"amici-{amici.__version__}-{name}"
        if not (folder / "built").exists():
            SbmlImporter(job["sbml"]).sbml2amici(name, folder, generate_sensitivity_code=False,
                                                 compute_conservation_laws=False, verbose=False)
            (folder / "built").touch()
        self.model = amici.import_model_module(name, folder).get_model()
        self.solver = self.model.create_solver()
        self.solver.set_max_steps(10_000_000)
        self.model.set_timepoints(job["times"])
        self.parameters = job["parameters"]
        states = list(self.model.get_state_ids())
        self.columns = [states.index(output) for output in job["outputs"]]

    def run(self, values: list, rtol: float, atol: float) -> list:
        self.solver.set_relative_tolerance(rtol)
        self.solver.set_absolute_tolerance(atol)
        found = []
        for patient in values:
            for name, value in zip(self.parameters, patient):
                self.model.set_free_parameter_by_id(name, value)
            result = self.sundials.run_simulation(self.model, self.solver)
            if result["status"] != 0:
                raise RuntimeError(f"AMICI's status {result['status']}")
            found.append(np.array(result["x"])[:, self.columns])
        return found


class Diffsol:
    """diffsol through pydiffsol: BDF, sparse. It reads no SBML: equations and doses are rewritten in DiffSL."""

    def __init__(self, job: dict):
        import pydiffsol
        from peer_diffsl import diffsl
        self.version = pydiffsol.diffsol_version()
        self.times = np.array(job["times"])
        text = diffsl(job["sbml"], job["parameters"], job["outputs"], job["dose"])
        self.ode = pydiffsol.Ode(text, matrix_type=pydiffsol.faer_sparse, ode_solver=pydiffsol.bdf)

    def run(self, values: list, rtol: float, atol: float) -> list:
        self.ode.rtol, self.ode.atol = rtol, atol
        return [self.ode.solve_dense(np.array(p), self.times).ys.T for p in values]


TOOLS = {"libRoadRunner": RoadRunner, "COPASI": Copasi, "bngsim": Bngsim, "AMICI": Amici, "diffsol": Diffsol}


def cpu() -> float:
    """Processor time of this process and its children so far, milliseconds."""
    spent = os.times()
    return (spent.user + spent.system + spent.children_user + spent.children_system) * 1e3


def main() -> None:
    # Some tools print to standard output, which is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: dict) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        job = json.loads(sys.stdin.readline())
        before = cpu()
        tool = TOOLS[sys.argv[1]](job)
        answer({"version": tool.version, "load_ms": cpu() - before})
        for line in sys.stdin:
            ask = json.loads(line)
            before = time.process_time()
            found = tool.run(ask["values"], ask["rtol"], ask["atol"])
            spent = (time.process_time() - before) * 1e3
            answer({"cpu_ms": spent, "values": np.array(found, float).tolist(),
                    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
    except Exception as error:  # whatever a tool throws is its answer
        answer({"refused": f"{type(error).__name__}: {error}"[:300]})


if __name__ == "__main__":
    main()
