// A folder of a test's own, gone with it: tests run beside each other, and one name for two of them is one folder for both.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace sluice {

struct TemporaryFolder {
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-unit-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::filesystem::path path;
};

}  // namespace sluice
