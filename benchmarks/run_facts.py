"""What a result has to say of its run, and how it is written."""
import datetime
import json
import os
import pathlib
import subprocess


def commit():
    """Of the sources, "+" behind it where they have changes; T2UE_COMMIT, where it is set, knows better: a bundle may lie in
    somebody's repository."""
    if known := os.environ.get("T2UE_COMMIT"):
        return known
    here = pathlib.Path(__file__).parent
    try:
        revision = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=here, text=True, stderr=subprocess.DEVNULL)
        changed = subprocess.call(["git", "diff", "--quiet", "HEAD", "--", ":!*.md", ":!benchmarks/results"], cwd=here)
        return revision.strip() + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def facts(device, **more):
    return {"date": datetime.date.today().isoformat(), "commit": commit(), "device": device, **more}


def save(path, result):
    """All of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(result, indent=1) + "\n")
    new.replace(path)
