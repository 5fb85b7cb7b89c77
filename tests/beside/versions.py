"""An older version of liqbot as an operator has it: its wheel, in an environment of its own."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GIT = shutil.which("git")
LOCKED = "requirements.txt"


def of_an_older_schema():
    """Return the commit before the newest migration came; None where the history does not reach so far."""
    came = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", "migrations/[0-9]*.py")
    return came and _git("rev-parse", "--verify", "--quiet", f"{came}~1^{{commit}}")


def before_this_one():
    """Return the previous commit, which is HEAD itself where something is not committed; None without one."""
    newest = "HEAD" if _git("status", "--porcelain") else "HEAD~1"
    return _git("rev-parse", "--verify", "--quiet", f"{newest}^{{commit}}")


def installed(commit, folder):
    """Build the wheel of a commit and install it; return the folder of its commands."""
    source, dist, env = folder / "source", folder / "dist", folder / "env"
    archive = subprocess.run([GIT, "-C", ROOT, "archive", commit], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as packed:
        packed.extractall(source, filter="data")
    python = sys.executable
    run([python, "-m", "hatchling", "build", "-t", "wheel", "-d", dist], source)
    (wheel,) = dist.glob("*.whl")
    run([python, "-m", "venv", "--without-pip", env], folder)
    pip = [python, "-m", "pip", "--python", env / "bin" / "python", "install", "--quiet"]
    pip.append("--disable-pip-version-check")
    locked = source / LOCKED
    if locked.read_bytes() == (ROOT / LOCKED).read_bytes():  # what it stands on is here already
        (packages,) = env.glob("lib/python*/site-packages")
        (packages / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    else:
        run([*pip, "--constraint", locked, f"{wheel}[postgres]"], folder)
    run([*pip, "--force-reinstall", "--no-deps", wheel], folder)
    return env / "bin"


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _git(*words):
    """Return what git says; None where it fails, or has nothing to say."""
    if GIT is None:
        return None
    done = subprocess.run([GIT, "-C", ROOT, *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else None
