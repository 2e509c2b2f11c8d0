"""What `cmake --install` puts where, under the two usual prefixes, and that it works from there.

The installed plugin package is used as a stranger would: from a folder outside the tree, once through find_package and
once through pkg-config, with nothing of the build tree in reach.
"""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
BUILD = pathlib.Path(os.environ["SLUICE_BUILD"])

LINK = re.compile(r"\]\(([\w./-]+\.(?:md|yaml))[)#]")  # to documents; what leads into the code stays in the tree

MINIMAL = """
#include <sluice/sluice.h>
int not_for_others(void) { return 0; }
sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply, sluice_fault* fault) {
    (void)hello, (void)reply, (void)fault;
    return SLUICE_UNSUPPORTED;
}
"""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def exported(library):
    return [line.split()[-1] for line in run("nm", "--dynamic", "--defined-only", library).splitlines()]


def manifest(library):
    """What the section says, read with none of our code."""
    section = library.with_suffix(".manifest")
    run("objcopy", "--output-target=binary", "--only-section=.sluice.manifest", library, section)
    data = section.read_bytes()
    magic, major, _, needed, _, size, _ = struct.unpack_from("<8s4H2I", data)
    assert (magic, major, needed) == (b"SLUICEM1", 1, 0), (magic, major, needed)
    return json.loads(data[24:24 + size])


def setUpModule():
    global scratch, roots
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sluice-install-"))
    unittest.addModuleCleanup(shutil.rmtree, scratch)
    roots = []
    for prefix in ["usr", "usr/local"]:
        destination = scratch / prefix.replace("/", "-")
        # A careless umask must not make folders that the host then refuses to load from.
        run("cmake", "--install", BUILD, "--prefix", "/" + prefix, umask=0o002, env=os.environ | {"DESTDIR": str(destination)})
        roots.append(destination / prefix)


class Installed(unittest.TestCase):
    def test_everything_lies_in_its_place(self):
        headers = {path.relative_to(ROOT / "plugin-api/include") for path in (ROOT / "plugin-api/include").rglob("*.h*")}
        plugins = {path.parent.name + ".so" for path in (ROOT / "plugins").glob("*/CMakeLists.txt")}
        for root in roots:
            self.assertEqual({path.relative_to(root / "include") for path in root.glob("include/**/*.h*")}, headers)
            self.assertEqual({path.name for path in root.glob("lib/sluice/plugins/*")}, plugins)
            self.assertTrue((root / "share/pkgconfig/sluice-plugin-api.pc").is_file())
            self.assertTrue((root / "share/cmake/sluice-plugin-api/sluice-plugin-api-config.cmake").is_file())
            self.assertEqual((root / "bin/sluice").exists(), (BUILD / "bin/sluice").exists())

    def test_only_the_owner_may_write_any_of_it(self):
        for root in roots:
            loose = [str(path) for path in root.rglob("*") if path.stat().st_mode & 0o022]
            self.assertEqual(loose, [])

    def test_nothing_remembers_where_it_was_built(self):
        for root in roots:
            for path in (root / "share").rglob("*.*"):
                if path.is_file():
                    self.assertNotIn(str(ROOT), path.read_text(), path)

    def test_the_documents_are_there_and_lead_to_each_other(self):
        for root in roots:
            folder = root / "share/doc/sluice"
            found = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()}
            self.assertLessEqual({"README.md", "docs/guides/writing-a-handler.md", "docs/examples/orders.yaml",
                                  "plugin-api/README.md"}, found)
            broken = [(name, link) for name in found if name.endswith(".md")
                      for link in LINK.findall((folder / name).read_text())
                      if not (folder / name).parent.joinpath(link).exists()]
            self.assertEqual(broken, [])

    @unittest.skipUnless((BUILD / "bin/sluice").exists(), "the binary is not built")
    def test_the_binary_finds_the_plugins_beside_it(self):
        for root in roots:
            listed = run(root / "bin/sluice", "plugins", "--json", cwd=scratch)
            for plugin in (root / "lib/sluice/plugins").glob("*.so"):
                self.assertIn(str(plugin), listed)
            self.assertNotIn(str(BUILD), listed)

    @unittest.skipUnless((BUILD / "bin/sluice").exists(), "the binary is not built")
    def test_the_binary_links_no_database_and_no_broker_client(self):
        for root in roots:
            needed = re.findall(r"\(NEEDED\).*\[(.+?)\]", run("readelf", "--dynamic", root / "bin/sluice"))
            self.assertTrue([name for name in needed if name.startswith("libyaml-cpp.so")], "the list is the real one")
            self.assertEqual([name for name in needed if re.search("sqlite|libpq|redis|nats|kafka|rabbit", name)], [])


class PluginFromOutside(unittest.TestCase):
    def sources(self):
        """Folders with the sources of one plugin each: a minimal one in C, and the examples."""
        minimal = scratch / "minimal"
        minimal.mkdir(exist_ok=True)
        (minimal / "minimal.c").write_text(MINIMAL)
        (minimal / "CMakeLists.txt").write_text("sluice_add_plugin(minimal minimal.c)\n")
        yield minimal
        for path in sorted((ROOT / "plugins/examples").glob("*/CMakeLists.txt")):
            copy = scratch / path.parent.name
            shutil.copytree(path.parent, copy, dirs_exist_ok=True)
            yield copy

    def test_is_built_by_cmake_against_the_installed_package(self):
        root = roots[0]
        for source in self.sources():
            with self.subTest(plugin=source.name):
                outside = scratch / f"{source.name}-outside"
                outside.mkdir()
                (outside / "CMakeLists.txt").write_text(
                    "cmake_minimum_required(VERSION 3.25)\nproject(outside LANGUAGES C CXX)\n"
                    f"find_package(sluice-plugin-api 0.1 REQUIRED)\nadd_subdirectory({source} plugin)\n")
                run("cmake", "-G", "Ninja", "-S", outside, "-B", outside / "build", f"-DCMAKE_PREFIX_PATH={root}")
                run("cmake", "--build", outside / "build")
                self.assert_is_plugin(outside / f"build/plugin/{source.name}.so")

    def test_is_built_by_hand_with_the_flags_of_pkg_config(self):
        for root in roots:
            flags = run("pkg-config", "--cflags", "--libs", "sluice-plugin-api",
                        env=os.environ | {"PKG_CONFIG_PATH": str(root / "share/pkgconfig")}).split()
            for source in self.sources():
                with self.subTest(plugin=source.name):
                    c, cpp = sorted(source.glob("*.c")), sorted(source.glob("*.cpp"))
                    compiler = ["g++", "-std=c++20"] if cpp else ["gcc", "-std=c99"]
                    library = source / f"{source.name}.so"
                    run(*compiler, "-Wall", "-Werror", "-shared", *c, *cpp, "-o", library, *flags)
                    self.assert_is_plugin(library)

    def assert_is_plugin(self, library):
        self.assertEqual(exported(library), ["sluice_plugin_entry_v1"])
        if library.stem == "minimal":  # which has no manifest
            return
        self.assertEqual(manifest(library)["components"][0]["kind"], "handler")
        if (BUILD / "bin/sluice").exists():
            self.assertIn(str(library.name), run(BUILD / "bin/sluice", "plugins", "inspect", library))


if __name__ == "__main__":
    unittest.main()
