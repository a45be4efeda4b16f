"""An SBML model without events, or with one regular bolus instead of them, as DiffSL, diffsol's language.

Only what the models here need: reactions, assignment rules without order, rate rules, functions,
constant compartments of size one. A second file of the same equations, so the harness compares its trajectories.
"""

import libsbml


SIMPLER = ["expandFunctionDefinitions", "promoteLocalParameters", "expandInitialAssignments"]


def diffsl(path: str, parameters: list[str], outputs: list[str], dose: dict | None) -> str:
    """The text. `dose` gives species, amounts (formulas) of the first and later boluses and interval."""
    document = libsbml.readSBMLFromFile(path)
    for option in SIMPLER:
        properties = libsbml.ConversionProperties()
        properties.addOption(option, True)
        document.convert(properties)
    model = document.getModel()
    if model.getNumEvents() and not dose:
        raise RuntimeError("events")
    species = list(model.getListOfSpecies())
    if any(not s.getHasOnlySubstanceUnits() and size(model, s) != 1 for s in species):
        raise RuntimeError("species that are concentrations in a compartment other than 1")
    rules = {rule.getVariable(): rule for rule in model.getListOfRules() if rule.isAssignment()}
    rates = {s.getId(): [] for s in species if s.getId() not in rules and not s.getConstant()}
    for rule in model.getListOfRules():
        if rule.isRate():
            rates.setdefault(rule.getVariable(), []).append(formula(rule.getMath()))
    definitions = [(name, formula(rule.getMath()), names(rule.getMath())) for name, rule in rules.items()]
    for reaction in model.getListOfReactions():
        law = reaction.getKineticLaw().getMath()
        definitions.append((reaction.getId(), formula(law), names(law)))
        for sign, side in (("-", reaction.getListOfReactants()), ("+", reaction.getListOfProducts())):
            for part in side:
                if part.getSpecies() in rates:
                    rates[part.getSpecies()].append(f"{sign}{part.getStoichiometry()!r}*{mark(reaction.getId())}")
    fixed = {p.getId(): p.getValue() for p in model.getListOfParameters() if p.getId() not in rules}
    fixed |= {c.getId(): c.getSize() for c in model.getListOfCompartments()}
    fixed |= {s.getId(): initial(s) for s in species if s.getId() not in rates and s.getId() not in rules}
    start = {name: initial(model.getSpecies(name)) if model.getSpecies(name) else fixed[name] for name in rates}
    lines = ["in_i { " + ", ".join(f"{mark(p)} = {fixed[p]!r}" for p in parameters) + " }"]
    lines += [f"{mark(n)} {{ {v!r} }}" for n, v in fixed.items() if n not in parameters and n not in rates]
    value = {name: repr(v) for name, v in start.items()}
    more_values, more_rates = [], []
    if dose:
        value[dose["species"]] += " + " + prefixed(f"({dose['first']})")
        more_values, more_rates = [f"next = {dose['interval']!r}"], ["0.0"]
    lines.append("u_i { " + ", ".join([f"{mark(n)} = {v}" for n, v in value.items()] + more_values) + " }")
    known = set(fixed) | set(rates)
    while definitions:
        ready = [d for d in definitions if d[2] <= known]
        if not ready:
            raise RuntimeError("circular rules")
        lines += [f"{mark(name)} {{ {text} }}" for name, text, _ in ready]
        known |= {d[0] for d in ready}
        definitions = [d for d in definitions if d[2] - known or d[0] not in known]
    lines.append("F_i { " + ", ".join(["".join(terms) or "0.0" for terms in rates.values()] + more_rates) + " }")
    if dose:
        lines.append("stop_i { t - next }")
        later = prefixed(f"({dose['later']})")
        reset = [mark(n) + (f" + {later}" if n == dose["species"] else "") for n in rates]
        lines.append("reset_i { " + ", ".join(reset) + f", next + {dose['interval']!r} }}")
    lines.append("out_i { " + ", ".join(mark(o) for o in outputs) + " }")
    return "\n".join(lines) + "\n"


def size(model: libsbml.Model, species: libsbml.Species) -> float:
    return model.getCompartment(species.getCompartment()).getSize()


def initial(species: libsbml.Species) -> float:
    return species.getInitialAmount() if species.isSetInitialAmount() else species.getInitialConcentration()


def names(node: libsbml.ASTNode) -> set[str]:
    own = {node.getName()} if node.getType() == libsbml.AST_NAME else set()
    return own.union(*(names(node.getChild(i)) for i in range(node.getNumChildren())))


FUNCTIONS = {libsbml.AST_FUNCTION_EXP: "exp", libsbml.AST_FUNCTION_LN: "log", libsbml.AST_FUNCTION_SIN: "sin",
             libsbml.AST_FUNCTION_COS: "cos", libsbml.AST_FUNCTION_ABS: "abs"}


def formula(node: libsbml.ASTNode) -> str:
    """Maths in DiffSL."""
    parts = [formula(node.getChild(i)) for i in range(node.getNumChildren())]
    kind = node.getType()
    if kind == libsbml.AST_NAME_TIME:
        return "t"
    if kind == libsbml.AST_NAME:
        return mark(node.getName())
    if node.isNumber():
        return repr(float(node.getValue()))
    if kind in (libsbml.AST_PLUS, libsbml.AST_TIMES):
        sign = " + " if kind == libsbml.AST_PLUS else " * "
        return "(" + sign.join(parts) + ")"
    if kind == libsbml.AST_MINUS:
        return f"(-{parts[0]})" if len(parts) == 1 else f"({parts[0]} - {parts[1]})"
    if kind == libsbml.AST_DIVIDE:
        return f"({parts[0]} / {parts[1]})"
    if kind in (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER):
        return f"pow({parts[0]}, {parts[1]})"
    if kind in FUNCTIONS:
        return f"{FUNCTIONS[kind]}({parts[0]})"
    raise RuntimeError(f"maths that is not rewritten: {libsbml.formulaToL3String(node)}")


def mark(name: str) -> str:
    """A name that is no word of the language and has no underscore, which its identifiers lack."""
    return "v" + name.replace("u", "uu").replace("_", "uo")


def prefixed(text: str) -> str:
    return formula(libsbml.parseL3Formula(text))
