// A folder for the database file of one benchmark, gone with it.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "handle.hpp"

namespace sluice::sqlite {

inline Handle open_for_writing(const std::string& path) {
    static Patience patience("a benchmark", std::chrono::seconds(5));
    return open_for_writing(path, patience);
}

class Folder {
public:
    explicit Folder(const std::filesystem::path& in = std::filesystem::current_path())
        : path_((in / "sluice-bench-XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr) std::abort();
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file() const { return path_ + "/bench.db"; }

private:
    std::string path_;
};

}  // namespace sluice::sqlite
