// A folder of a test's own, gone with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace sluice {

struct TemporaryState {
    TemporaryState() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-state-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~TemporaryState() { std::filesystem::remove_all(path); }
    TemporaryState(const TemporaryState&) = delete;
    TemporaryState& operator=(const TemporaryState&) = delete;

    std::filesystem::path path;
};

}  // namespace sluice
