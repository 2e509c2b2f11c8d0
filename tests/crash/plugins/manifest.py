"""manifest.py FROM TO: the manifest of a real plugin for the faulty one that stands for it;
each component has `faulty_` before its name."""

import json
import struct
import sys

HEAD = struct.Struct("<8sHHHHII")  # sluice_manifest_head

with open(sys.argv[1], "rb") as file:
    section = file.read()
*head, size, reserved = HEAD.unpack_from(section)
manifest = json.loads(section[HEAD.size:HEAD.size + size])
for component in manifest["components"]:
    component["name"] = "faulty_" + component["name"]
text = json.dumps(manifest, ensure_ascii=False).encode()
with open(sys.argv[2], "wb") as file:
    file.write(HEAD.pack(*head, len(text), reserved) + text)
