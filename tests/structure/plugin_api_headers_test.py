"""Every header of the plugin API compiles alone: the C ones in each C and C++ mode they promise, the SDK as C++20 on."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

INCLUDE = pathlib.Path(os.environ["SLUICE_ROOT"]) / "plugin-api/include"
C = ["c99", "c11", "c17"]
CPP = ["c++11", "c++14", "c++17", "c++20", "c++2b"]
SDK = ["c++20", "c++2b"]
COMPILERS = [name for name in ["gcc", "clang"] if shutil.which(name)]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def complaint(compiler, standard, header):
    language = "c++" if standard.startswith("c++") else "c"
    done = subprocess.run(
        [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only", f"-I{INCLUDE}", "-include", header, "/dev/null"],
        text=True, capture_output=True)
    return None if done.returncode == 0 else f"{compiler} -std={standard} {header}:\n{done.stderr}"


class PluginApiHeaders(unittest.TestCase):
    def check(self, headers, standards):
        names = [str(path.relative_to(INCLUDE)) for path in sorted(headers)]
        self.assertTrue(names, "no headers found")
        cases = [(compiler, standard, name) for compiler in COMPILERS for standard in standards for name in names]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            complaints = [text for text in pool.map(lambda case: complaint(*case), cases) if text]
        self.assertEqual(complaints, [], "\n".join(complaints))

    def test_of_the_abi_compile_alone_as_c_and_cpp(self):
        self.check((INCLUDE / "sluice").glob("*.h"), C + CPP)

    @unittest.skipUnless((INCLUDE / "sluice/sdk").is_dir(), "there is no SDK")
    def test_of_the_sdk_compile_alone_as_cpp(self):
        self.check((INCLUDE / "sluice/sdk").rglob("*.hpp"), SDK)

    def test_that_need_a_later_c_are_found(self):
        with tempfile.NamedTemporaryFile("w", suffix=".h") as header:
            header.write("bool ready(void);\n")
            header.flush()
            self.assertIsNotNone(complaint("gcc", "c99", header.name))
            self.assertIsNone(complaint("gcc", "c++11", header.name))


if __name__ == "__main__":
    unittest.main()
