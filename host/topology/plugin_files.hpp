// Which files the plugins of this process were loaded from: a file that was replaced since holds another version than the one
// that runs.
//
// Threads      main.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <tuple>

namespace sluice {

class PluginFiles {
public:
    // It is being loaded, or was before.
    void note(const std::filesystem::path& file) { loaded_.try_emplace(file, state_of(file)); }
    // Not the file that was loaded under this name. One that was not loaded is nobody's other version.
    bool replaced(const std::filesystem::path& file) const {
        const auto found = loaded_.find(file);
        return found != loaded_.end() && found->second != state_of(file);
    }

private:
    using State = std::tuple<dev_t, ino_t, off_t, time_t, long>;

    static State state_of(const std::filesystem::path& file) {
        struct stat found {};
        if (::stat(file.c_str(), &found) != 0) return {};
        return {found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
    }

    std::map<std::filesystem::path, State> loaded_;
};

}  // namespace sluice
