"""Requirement files as pip reads them: includes, continuations, comments, and lines that name an address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from workloads.source import files

INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]*(?P<file>\S+)$")
CONSTRAINT = re.compile(r"^(?:-c|--constraint)[\s=]*(?P<file>\S+)$")
EDITABLE = re.compile(r"^(?:-e|--editable)[\s=]*(?P<what>.+)$")
INDEX = re.compile(r"^(?:-i|--index-url|--extra-index-url|--pypi-url|-f|--find-links)[\s=]+(?P<address>\S+)")
ADDRESS = re.compile(r"^(?:git|hg|svn|bzr|https?|ssh|file)(?:\+\w+)?://|^git\+|^[\w.-]+@[\w.-]+:.+\.git", re.I)
OUR_INDEX = re.compile(r"^https?://(?:[\w.-]*\.)?(pypi\.org|pypi\.python\.org|files\.pythonhosted\.org)(/|$)")
COMMENT = re.compile(r"(^|\s)#.*$")


@dataclass
class Lines:
    """What a requirement file and those it includes hold."""

    files: list[str] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    local: list[str] = field(default_factory=list)  # paths of the project itself: `-e .`, `./vendor/thing`
    indexes: list[str] = field(default_factory=list)
    hashed: bool = False
    odd: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # included files that are not there

    @property
    def names(self) -> set[str]:
        """The distributions asked for, normalised."""
        return {canonicalize_name(requirement.name) for requirement in self.requirements}

    def of(self, name: str) -> Requirement | None:
        """The requirement for a distribution."""
        return next((found for found in self.requirements if canonicalize_name(found.name) == name), None)


def read(path: Path, folder: Path, lines: Lines | None = None) -> Lines:
    """Everything in the file, includes followed; paths are kept relative to the folder."""
    lines = lines if lines is not None else Lines()
    name = files.relative(path, folder)
    if name in lines.files:
        return lines
    if not path.is_file():
        lines.missing.append(name)
        return lines
    lines.files.append(name)
    for line in logical(files.text(path)):
        _take(line, path, folder, lines)
    return lines


def logical(content: str) -> list[str]:
    """The lines without comments, continuations joined."""
    joined = re.sub(r"\\\r?\n", " ", content.replace("\0", ""))
    stripped = (COMMENT.sub("", line).strip() for line in joined.splitlines())
    return [line for line in stripped if line]


def _take(line: str, path: Path, folder: Path, lines: Lines) -> None:
    include = INCLUDE.match(line) or CONSTRAINT.match(line)
    if include:
        target = path.parent / include["file"]
        if CONSTRAINT.match(line):
            lines.files += [files.relative(target, folder)] if target.is_file() else []
        else:
            read(target, folder, lines)
    elif index := INDEX.match(line):
        lines.indexes.append(index["address"])
    elif editable := EDITABLE.match(line):
        _take_place(editable["what"].strip(), lines)
    elif not line.startswith("-"):
        _take_requirement(line, lines)


def _take_requirement(line: str, lines: Lines) -> None:
    bare = re.split(r"\s+--?\w", line)[0].strip()
    lines.hashed = lines.hashed or "--hash" in line
    file = bare.endswith((".whl", ".tar.gz", ".zip")) and " @ " not in bare
    if file or ADDRESS.match(bare) or bare.startswith((".", "/")):
        _take_place(bare, lines)
        return
    try:
        requirement = Requirement(bare)
    except InvalidRequirement:
        lines.odd.append(bare)
        return
    lines.requirements.append(requirement)
    if requirement.url and not requirement.url.startswith("file:"):
        lines.addresses.append(bare)


def _take_place(what: str, lines: Lines) -> None:
    (lines.addresses if ADDRESS.match(what) else lines.local).append(what)
