#!/usr/bin/env python3
"""Reads the C headers of the plugin API, which are the one description of the ABI, and writes what follows from them:

    include/sluice/layout.h           the size of each struct and the place of each member, as assertions
    docs/reference/plugin-abi.md      the same for readers, with what the headers say of each

    plugin-api/layout.py [--check]    writes them; --check: says whether they are as they would be written

A change of a header that moves a member does not compile until this has been run: then the difference of layout.h shows in
the review what was moved. Whoever needs the ABI in another language reads it with structs_of().
"""

import pathlib
import re
import sys
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE / "include/sluice"
LAYOUT = INCLUDE / "layout.h"
PAGE = HERE.parent / "docs/reference/plugin-abi.md"
# In the order in which a reader wants them.
HEADERS = ("abi.h", "fault.h", "message.h", "options.h", "host.h", "probe.h", "handler.h", "queue.h", "database.h",
           "manifest.h", "entry.h")

COMMENT = r"/\*(?:(?!\*/).)*\*/"
STRUCT = re.compile(rf"(?P<comment>{COMMENT}\n)?typedef (?P<kind>struct|union) (?P<name>\w+) {{\n(?P<body>.*?)\n}} (?P=name);",
                    re.S)
CONSTANT = re.compile(rf"(?P<above>(?:{COMMENT}\n)?)#define (?P<name>SLUICE_\w+) (?P<value>\d+u|\"[^\"]*\")"
                      rf"(?:\s*(?P<behind>{COMMENT}))?", re.S)

SIZES = {"uint8_t": 1, "char": 1, "uint16_t": 2, "uint32_t": 4, "int32_t": 4, "uint64_t": 8, "int64_t": 8, "double": 8}


@dataclass
class Member:
    name: str
    type: str  # as written; of a function the whole declaration
    offset: int
    size: int
    text: str  # what the comment says
    is_function: bool


@dataclass
class Struct:
    name: str
    kind: str  # struct or union
    text: str
    members: list = field(default_factory=list)
    size: int = 0
    alignment: int = 1


@dataclass
class Constant:
    name: str
    value: str
    text: str


@dataclass
class Header:
    name: str
    text: str
    structs: list
    constants: list


def plain(comment):
    """A comment without its frame, on one line."""
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment.removeprefix("/*").removesuffix("*/").split("\n")]
    return re.sub(r"\s+", " ", " ".join(lines)).strip()


def members_of(body, known):
    """The members of a struct, each with its comment: that above it, and that behind it."""
    above, place = [], 0
    token = re.compile(r"\s*(?P<comment>/\*.*?\*/)|\s*(?P<member>[^;/{}]+;)", re.S)
    found = []
    while match := token.match(body, place):
        line_break = "\n" in body[match.start():match.start("comment") if match["comment"] else match.start("member")]
        place = match.end()
        if match["comment"]:
            text = plain(match["comment"])
            if text.startswith("----"):
                above = []
            elif found and not line_break and not above:
                found[-1].text = " ".join(filter(None, (found[-1].text, text)))
            else:
                above.append(text)
            continue
        written = re.sub(r"\s+", " ", match["member"].rstrip(";")).strip()
        function = re.match(r"(.*?)\(\*(\w+)\)\s*\((.*)\)$", written)
        name = function[2] if function else re.match(r".*?(\w+)(?:\[\d+\])?$", written)[1]
        size, alignment = (8, 8) if function else extent_of(written, known)
        found.append((Member(name, written if function else written[:written.rindex(name)].strip(), 0, size,
                             " ".join(above), bool(function))))
        found[-1].alignment = alignment
        above = []
    if body[place:].strip():
        raise SystemExit(f"layout.py cannot read: {body[place:].strip()[:80]}")
    return found


def extent_of(written, known):
    """Size and alignment of a member that is no function."""
    type_, name = written.rsplit(None, 1)
    if "*" in written:
        return 8, 8
    type_ = type_.removeprefix("const ")
    if type_ in known:
        size, alignment = known[type_]
    else:
        size = alignment = SIZES[type_]
    count = re.search(r"\[(\d+)\]", name)
    return size * (int(count[1]) if count else 1), alignment


def read_header(name, known):
    text = (INCLUDE / name).read_text()
    head = re.match(r"/\*.*?\*/", text, re.S)
    header = Header(name, head[0] if head else "", [], [])
    for base, alias in re.findall(r"^typedef (\w+) (\w+);", text, re.M):
        known[alias] = known.get(base) or (SIZES[base],) * 2
    for match in STRUCT.finditer(text):
        struct = Struct(match["name"], match["kind"], plain(match["comment"].strip()) if match["comment"] else "")
        for member in members_of(match["body"], known):
            struct.alignment = max(struct.alignment, member.alignment)
            if struct.kind == "struct":
                member.offset = -(-struct.size // member.alignment) * member.alignment
                struct.size = member.offset + member.size
            else:
                struct.size = max(struct.size, member.size)
            struct.members.append(member)
        struct.size = -(-struct.size // struct.alignment) * struct.alignment
        known[struct.name] = (struct.size, struct.alignment)
        header.structs.append(struct)
    for match in CONSTANT.finditer(text):
        said = [plain(part.strip()) for part in (match["above"], match["behind"]) if part]
        header.constants.append(Constant(match["name"], match["value"], " ".join(text for text in said if text[:2] != "--")))
    return header


def structs_of():
    known = {}
    return [read_header(name, known) for name in HEADERS]


def layout_text(headers):
    lines = ["/* The size of each struct of the ABI, and the place of each of its members. Written by plugin-api/layout.py: a",
             " * header that has moved one does not compile with this until it has been run again; then the difference shows",
             " * what was moved. */",
             "#ifndef SLUICE_LAYOUT_H", "#define SLUICE_LAYOUT_H", "", '#include "sluice/sluice.h"']
    for header in headers:
        for struct in header.structs:
            lines += ["", f"SLUICE_LAYOUT_SIZE({struct.name}, {struct.size});"]
            lines += [f"SLUICE_LAYOUT_MEMBER({struct.name}, {member.name}, {member.offset}, {member.size});"
                  for member in struct.members]
    return "\n".join([*lines, "", "#endif", ""])


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def page_text(headers):
    lines = ["# The plugin ABI", "",
             "Every struct of the C headers in [plugin-api/include/sluice](../../plugin-api/include/sluice), with the place of",
             "each member in bytes, and every number. This page is written by `plugin-api/layout.py` from the headers; what",
             "they promise, and how they may change, is [the law](../../plugin-api/README.md#the-law)."]
    for header in headers:
        lines += ["", f"## {header.name}"]
        if header.constants:
            lines += ["", "| constant | value | |", "|---|---|---|"]
            lines += [f"| `{one.name}` | `{one.value}` | {cell(one.text)} |" for one in header.constants]
        for struct in header.structs:
            lines += ["", f"### {struct.name}", ""]
            if struct.text:
                lines += [struct.text.replace("<", "&lt;"), ""]
            lines += [f"{struct.size} bytes{', a union' if struct.kind == 'union' else ''}.", "",
                      "| at | member | |", "|---|---|---|"]
            for member in struct.members:
                shown = member.type if member.is_function else f"{member.type} {member.name}"
                lines.append(f"| {member.offset} | `{shown}` | {cell(member.text)} |")
    return "\n".join([*lines, ""])


def main():
    headers = structs_of()
    wanted = {LAYOUT: layout_text(headers), PAGE: page_text(headers)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if sys.argv[1:] == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(HERE.parent)} is not what plugin-api/layout.py writes: run it, and look what changes")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path])
        print(f"wrote {path.relative_to(HERE.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
