"""Make a virtual environment with the pinned packages and this checkout on its path.

Standard library only: it runs on a bare Python >= 3.11, and says what to install when it can't go
on. Called by `make`, the Dockerfile and CI with the same line, so that all of them run the same.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = "opsbot-lock.sha256"


def main() -> None:
    """Bring the environment up to date; do nothing when it is."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--venv", type=Path, default=ROOT / ".venv")
    words.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    asked = words.parse_args()
    if sys.version_info < (3, 11):
        stop(f"Python {sys.version.split()[0]} is too old: opsbot needs 3.11 or newer.")
    wanted = hashlib.sha256(asked.lock.read_bytes() + sys.version.encode()).hexdigest()
    stamp = asked.venv / STAMP
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"Making {asked.venv} with the packages of {asked.lock.name} (once; about a minute)")
        install(asked.venv, asked.lock)
    link(asked.venv)
    stamp.write_text(wanted)


def install(venv: Path, lock: Path) -> None:
    """Create the environment and install every pin by hash, with uv where it is there, else pip."""
    python = venv / "bin" / "python"
    uv = shutil.which("uv")
    if uv is not None:
        run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(venv)])
        run(
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                str(python),
                "--require-hashes",
                "-r",
                str(lock),
            ]
        )
        return
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False)
    if made.returncode != 0 or not (venv / "bin" / "pip").exists():
        stop(
            "This Python cannot make a virtual environment with pip.\n"
            "  Debian, Ubuntu: apt-get install python3-venv\n"
            "  macOS:          install Python from python.org or Homebrew\n"
            "  or anywhere:    install uv and run this again"
        )
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)])


def link(venv: Path) -> None:
    """Put this checkout on the environment's path and `opsbot` into its bin folder."""
    python = venv / "bin" / "python"
    paths = {"base": str(venv), "platbase": str(venv)}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    (site / "opsbot-checkout.pth").write_text(f"{ROOT}\n{ROOT / 'flags'}\n")
    command = venv / "bin" / "opsbot"
    command.write_text(f"#!{python}\nfrom opsbot.cli import main\n\nraise SystemExit(main())\n")
    command.chmod(0o755)


def run(command: list[str]) -> None:
    """Run one step; its own output says what went wrong."""
    if (
        subprocess.run(command, check=False, env={**os.environ, "PIP_NO_INPUT": "1"}).returncode
        != 0
    ):
        stop(f"This step failed: {' '.join(command)}")


def say(line: str) -> None:
    """Print one line of progress."""
    print(f"==> {line}", flush=True)


def stop(why: str) -> None:
    """End with one clear reason."""
    print(f"Can't go on: {why}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
