"""The layout of the plugin ABI: what follows from the headers is up to date, and a header that moves a member does not
compile."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
API = ROOT / "plugin-api"


def layout():
    spec = importlib.util.spec_from_file_location("layout", API / "layout.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Layout(unittest.TestCase):
    def test_and_its_page_are_what_the_headers_say(self):
        checked = subprocess.run([API / "layout.py", "--check"], text=True, capture_output=True)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_of_what_may_grow_begins_with_its_size(self):
        # Leaves that never change, and so may be elements of arrays.
        frozen = {"sluice_bytes", "sluice_value", "sluice_value_as", "sluice_header", "sluice_settlement",
                  "sluice_commit_result", "sluice_manifest_head"}
        structs = [struct for header in layout().structs_of() for struct in header.structs]
        self.assertGreater(len(structs), 20)
        self.assertEqual({struct.name for struct in structs if struct.members[0].name != "struct_size"}, frozen)

    def test_that_is_changed_by_mistake_does_not_compile(self):
        def complaint(change):
            with tempfile.TemporaryDirectory() as folder:
                shutil.copytree(API / "include", folder, dirs_exist_ok=True)
                for path in pathlib.Path(folder, "sluice").glob("*.h"):
                    if path.name != "layout.h":
                        path.write_text(change(path.read_text()))
                return subprocess.run(["gcc", "-std=c99", "-fsyntax-only", f"-I{folder}", "-include", "sluice/layout.h",
                                       "-x", "c", "/dev/null"], text=True, capture_output=True).stderr
        self.assertEqual(complaint(lambda text: text), "")
        swapped = ("    uint64_t position;     /* with stream_size */\n    uint64_t position_end; /* with stream_size */\n",
                   "    uint64_t position_end;\n    uint64_t position;\n")
        self.assertIn(swapped[0], (API / "include/sluice/queue.h").read_text())
        self.assertIn("sluice_layout_holds", complaint(lambda text: text.replace(*swapped)), "two members of one size, swapped")
        shortened = complaint(lambda text: text.replace("int64_t enqueued_ms;", "int32_t enqueued_ms;"))
        self.assertIn("sluice_layout_holds", shortened)


if __name__ == "__main__":
    unittest.main()
