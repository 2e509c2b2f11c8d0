// What the tests of this folder share: the built bad plugins, and a folder of one's own that is gone afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace sluice {

inline std::filesystem::path bad_plugin(const std::string& name) {
    return std::filesystem::path(SLUICE_PLUGINS).parent_path().parent_path().parent_path() / "bad_plugins" / (name + ".so");
}

inline std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << bytes;
}

// A folder only its owner may write, and copies of plugins in it.
class PluginFolder {
public:
    explicit PluginFolder(const std::filesystem::path& in = std::filesystem::temp_directory_path()) {
        std::string name = in / "sluice-plugins-XXXXXX";
        if (::mkdtemp(name.data()) != nullptr) path_ = std::filesystem::canonical(name);
    }
    ~PluginFolder() {
        std::error_code ignored;
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
        std::filesystem::remove_all(path_, ignored);
    }
    PluginFolder(const PluginFolder&) = delete;
    PluginFolder& operator=(const PluginFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

    std::filesystem::path copy(const std::string& plugin, const std::string& as) const {
        const std::filesystem::path file = path_ / as;
        std::filesystem::copy_file(bad_plugin(plugin), file);
        std::filesystem::permissions(file, std::filesystem::perms(0644));
        return file;
    }

private:
    std::filesystem::path path_;
};

}  // namespace sluice
