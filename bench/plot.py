#!/usr/bin/env python3
"""Draws docs/performance.svg from what was measured.

    python bench/peers.py --json > peers.json
    python bench/scaling.py --json > scaling.json
    python bench/plot.py peers.json scaling.json docs/performance.svg

Left, processor time per patient of every tool on every model, on a logarithmic scale; right,
hersim's time as states grow and its memory as patients do.
"""

import json
import math
import sys
from pathlib import Path

INK, PALE, LINE = "#222", "#777", "#ddd"
COLOURS = {"hersim": "#0b6e4f", "diffsol": "#d1495b", "bngsim": "#edae49", "AMICI": "#00798c",
           "libRoadRunner": "#66498a", "COPASI": "#8d8d8d"}
ROW, LEFT, WIDTH, HEIGHT = 15, 150, 1000, 560


def text(x: float, y: float, words: str, size: int = 11, anchor: str = "start", fill: str = INK) -> str:
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{words}</text>'


def short(value: float) -> str:
    """Three digits, without powers of ten."""
    return f"{value:.3g}" if value < 1000 else f"{float(f'{value:.3g}'):.0f}"


def ruler(x: float, y: float, height: float, label: str) -> str:
    return (f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{y + height:.1f}" stroke="{LINE}"/>'
            + text(x, y + height + 12, label, 10, "middle", PALE))


def tools(peers: dict, top: float) -> tuple[list[str], float]:
    """Bars of all tools, model by model, and where they end."""
    models = {name: model for name, model in peers.items() if "ms" in model}
    height = sum(ROW * len(m["ms"]) + 26 for m in models.values())
    values = [ms for m in models.values() for ms in m["ms"].values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    end = 560
    place = lambda ms: LEFT + (end - LEFT) * (math.log10(ms) - low) / (high - low)
    drawn = [ruler(place(10.0**d), top, height, f"{10.0**d:g} ms") for d in range(low, high + 1)]
    y = top
    for model in models.values():
        y += 18
        drawn.append(text(10, y, model["title"], 11))
        y += 6
        for tool, ms in sorted(model["ms"].items(), key=lambda pair: pair[1]):
            times = "" if tool == "hersim" else f", {short(model['ratio'][tool])} times"
            drawn.append(f'<rect x="{LEFT}" y="{y:.1f}" width="{place(ms) - LEFT:.1f}" height="{ROW - 3}" '
                         f'fill="{COLOURS.get(tool, PALE)}"/>')
            drawn.append(text(LEFT - 6, y + 10, tool, 10, "end"))
            drawn.append(text(place(ms) + 4, y + 10, f"{short(ms)}{times}", 10, fill=PALE))
            y += ROW
        y += 2
    return drawn, top + height + 30


def curve(points: list[tuple[float, float]], box: tuple, labels: tuple[str, str], logarithmic: bool) -> list[str]:
    """Points and the line through them; the vertical axis begins at zero."""
    x0, y0, width, height = box
    across = [math.log10(x) if logarithmic else x for x, _ in points]
    low = min(across) if logarithmic else 0.0
    most = max(y for _, y in points) * 1.15
    spot = [(x0 + width * (a - low) / (max(across) - low), y0 + height * (1 - y / most))
            for a, (_, y) in zip(across, points)]
    drawn = [f'<path d="M{x0} {y0} V{y0 + height} H{x0 + width}" fill="none" stroke="{PALE}"/>']
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spot)
    drawn.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS["hersim"]}" stroke-width="2"/>')
    for (x, y), (a, value) in zip(spot, points):
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{COLOURS["hersim"]}"/>')
        drawn.append(text(x, y - 8, f"{value:.3g}", 10, "middle"))
        drawn.append(text(x, y0 + height + 14, f"{a:g}", 10, "middle", PALE))
    drawn.append(text(x0 + width / 2, y0 + height + 30, labels[0], 11, "middle"))
    drawn.append(text(x0, y0 - 10, labels[1], 11))
    return drawn


def main() -> None:
    peers, scaling, out = sys.argv[1:4]
    peers, scaling = json.loads(Path(peers).read_text()), json.loads(Path(scaling).read_text())
    drawn = [text(10, 22, "Processor time per patient (logarithmic)", 14)]
    bars, bottom = tools(peers, 34)
    drawn += bars
    states = [(row["states"], row["cpu_ms"]) for row in scaling["states"]]
    drawn += curve(states, (690, 70, 270, 170), ("states (one to five subclones)", "ms per patient-year"), False)
    memory = [(row["patients"], row["peak_mib"]) for row in scaling["patients"] if row["threads"] == 1]
    drawn += curve(memory, (690, 340, 270, 150), ("patients", "peak memory, MiB"), True)
    height = max(bottom, HEIGHT)
    Path(out).write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
                         f'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>\n'
                         + "\n".join(drawn) + "\n</svg>\n")


if __name__ == "__main__":
    main()
