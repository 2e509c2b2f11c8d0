"""Every header of the plugin API compiles alone: the C ones in each mode of C and C++ they promise, the SDK as C++20."""

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
COMPILERS = [name for name in ["gcc", "clang"] if shutil.which(name)]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def names(headers):
    return [str(path.relative_to(INCLUDE)) for path in sorted(headers)]


def complaint(compiler, standard, *headers):
    language = "c++" if standard.startswith("c++") else "c"
    done = subprocess.run(
        [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only", f"-I{INCLUDE}",
         *(word for header in headers for word in ("-include", header)), "/dev/null"], text=True, capture_output=True)
    return None if done.returncode == 0 else f"{compiler} -std={standard} {' '.join(headers)}:\n{done.stderr}"


class PluginApiHeaders(unittest.TestCase):
    def check(self, cases):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            complaints = [text for text in pool.map(lambda case: complaint(*case), cases) if text]
        self.assertEqual(complaints, [], "\n".join(complaints))

    def test_of_the_abi_compile_alone_as_c_and_cpp(self):
        headers = names((INCLUDE / "sluice").glob("*.h"))
        self.assertIn("sluice/sluice.h", headers)
        self.check([(compiler, standard, header) for compiler in COMPILERS for standard in C + CPP for header in headers])

    def test_of_the_sdk_compile_alone_as_cpp20_and_together_as_later_cpp(self):
        headers = names((INCLUDE / "sluice/sdk").rglob("*.hpp"))
        self.assertIn("sluice/sdk/handler.hpp", headers)
        self.check([(COMPILERS[0], "c++20", header) for header in headers] +
                   [(compiler, standard, *headers) for compiler in COMPILERS for standard in ["c++20", "c++2b"]])

    def test_that_need_a_later_c_are_found(self):
        with tempfile.NamedTemporaryFile("w", suffix=".h") as header:
            header.write("bool ready(void);\n")
            header.flush()
            self.assertIsNotNone(complaint("gcc", "c99", header.name))
            self.assertIsNone(complaint("gcc", "c++11", header.name))


if __name__ == "__main__":
    unittest.main()
