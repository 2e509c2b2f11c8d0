// A folder of a test's own, gone with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

namespace sluice::contract {

class Folder {
public:
    Folder() {
        // In memory where that can be had: the contract says nothing of how long a disk takes.
        const std::filesystem::path memory = "/dev/shm";
        std::string name = (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
                           "sluice-contract-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create a folder for the test");
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string operator/(const std::string& name) const { return path_ / name; }
    // All that is in it: names, and what the files hold.
    std::map<std::string, std::string> contents() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
            std::ifstream file(entry.path(), std::ios::binary);
            found[entry.path().string()] = entry.is_regular_file() ? std::string(std::istreambuf_iterator<char>(file), {}) : "";
        }
        return found;
    }

private:
    std::filesystem::path path_;
};

}  // namespace sluice::contract
