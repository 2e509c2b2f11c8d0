// A folder of its own for each test, removed at its end.
#pragma once

#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::file {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-file-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        std::filesystem::create_directory(path("state"));
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
    std::string state() const { return path("state"); }

    std::string write(std::string_view name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
        return path(name);
    }
    void append(std::string_view name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary | std::ios::app) << text;
    }
    std::string read(std::string_view name) const {
        std::ostringstream text;
        text << std::ifstream(path(name), std::ios::binary).rdbuf();
        return text.str();
    }

private:
    std::string path_;
};

// While it lives, this thread may do with files what any user may; root may read everything otherwise.
class Unprivileged {
public:
    explicit Unprivileged(const TemporaryFolder& folder) {
        if (::geteuid() != 0) return;
        std::vector<std::string> all{folder.path("")};
        for (const auto& each : std::filesystem::recursive_directory_iterator(folder.path(""))) all.push_back(each.path());
        for (const std::string& each : all)
            if (::lchown(each.c_str(), nobody, nobody) != 0) throw std::runtime_error("chown");
        ::setfsuid(nobody);
    }
    ~Unprivileged() { ::setfsuid(::geteuid()); }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;

private:
    static constexpr uid_t nobody = 65534;
};

}  // namespace sluice::file
