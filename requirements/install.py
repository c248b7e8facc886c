"""Makes .venv and installs the pinned requirements into it. Needs nothing but Python; run by the Makefile.

    python3 requirements/install.py [base] [dev]

A stamp with the hash of what was installed makes the next run a no-op. Fast where uv runs, with pip otherwise.
Written so that an old Python can read it, in order to say that it is too old.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / ".venv"
PYTHON = VENV / "bin" / "python"
PIP = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.14", "python3.11")
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
WORDS_OF_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}


def main(groups: "list[str]") -> None:
    """Bring .venv to what the groups' requirements say."""
    use_a_new_enough_python()
    make_environment()
    files = [HERE / f"{group}.txt" for group in groups]
    stamp = VENV / f".installed-{'-'.join(groups)}"
    wanted = digest(files)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    began = time.monotonic()
    say(f"Installing {' and '.join(file.name for file in files)} into .venv ...")
    install(files)
    stamp.write_text(wanted)
    say(f"Installed in {time.monotonic() - began:.0f} s")


def use_a_new_enough_python() -> None:
    """Go on with a newer Python where this one is too old; stop with the cure where there is none."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    stop(
        f"Timonel needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {sys.executable} is {VERSION}.",
        "Install one, then: make demo PYTHON=/path/to/python3.12",
    )


def make_environment() -> None:
    """Make .venv, or make it again when its Python is gone."""
    if PYTHON.exists() and succeeds([str(PYTHON), "-c", ""]):
        return
    say(f"Making .venv with Python {VERSION} ...")
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv and succeeds([uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(VENV)]):
        return
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        explain_no_environment(done.stdout.decode(errors="replace").strip())


def explain_no_environment(said: str) -> None:
    """Stop with the cure of what kept the environment from being made."""
    if "ensurepip" in said or "No module named venv" in said:
        stop("This Python comes without its venv module.", f"On Debian and Ubuntu: apt install python{VERSION}-venv. Then again.")
    stop(f"The virtual environment could not be made: {said[-600:]}", "Check that this folder can be written and has room.")


def install(files: "list[Path]") -> None:
    """With uv where it runs (from PATH, or the pinned one from the index), with pip otherwise."""
    options = [part for file in files for part in ("-r", str(file))]
    if install_with(shutil.which("uv") or "", options) or install_with(pinned_uv(), options):
        return
    say("uv cannot install here; going on with pip, which is slower.")
    if not succeeds([*PIP, *options]):
        stop(
            "The requirements could not be installed (see above).",
            "Check that the package index is reachable (PIP_INDEX_URL, proxy, certificates) and that the disk has room.",
        )


def install_with(uv: str, options: "list[str]") -> bool:
    """Whether this uv installed them."""
    command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), *options]
    return bool(uv) and succeeds(command, uv_environment())


def pinned_uv() -> str:
    """The uv of base.txt, installed by pip; empty where that fails."""
    own = VENV / "bin" / "uv"
    pin = next((line.strip() for line in (HERE / "base.txt").read_text().splitlines() if line.startswith("uv==")), "uv")
    if own.exists() or (succeeds([*PIP, "--only-binary=:all:", "--no-deps", pin]) and own.exists()):
        return str(own)
    return ""


def uv_environment() -> "dict[str, str]":
    """What pip was told about indexes and certificates, in uv's words, where uv was not told itself."""
    translated = {uv: os.environ[pip] for pip, uv in WORDS_OF_UV.items() if os.environ.get(pip)}
    if not os.access(Path.home(), os.W_OK):  # an account without a home has no place for uv's cache either
        translated["UV_CACHE_DIR"] = str(VENV / ".uv-cache")
    return {**translated, **os.environ}


def succeeds(command: "list[str]", environment: "dict[str, str] | None" = None) -> bool:
    """Whether the command ended well; what it says goes to the screen."""
    try:
        return subprocess.call(command, env=environment) == 0
    except OSError as error:
        say(f"{command[0]} cannot run: {error}")
        return False


def digest(files: "list[Path]") -> str:
    """What stands for 'these requirements in this Python'."""
    found = hashlib.sha256(str(PYTHON.resolve()).encode())
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)


def stop(problem: str, cure: str) -> None:
    """End with what is wrong and how to mend it."""
    sys.exit(f"{problem}\nCure: {cure}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["base"])
