#include "in_place.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace sluice::sqlite {

bool identify(const std::string& path, FileIdentity& identity) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return false;
    identity = {found.st_dev, found.st_ino};
    return true;
}

InPlace::InPlace(std::string given, const std::string& path) : paths_{std::move(given), path + "-wal", path + "-shm"} {}

void InPlace::note() {
    for (std::size_t i = 0; i < paths_.size(); ++i)
        if (!identify(paths_[i], noted_[i])) noted_[i] = {};
}

Status InPlace::check() const {
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        if (noted_[i] == FileIdentity()) continue;  // there was none, or not to be looked at
        FileIdentity now;
        const bool is_there = identify(paths_[i], now);
        if (is_there && now == noted_[i]) continue;
        if (!is_there && errno != ENOENT && errno != ENOTDIR) continue;  // a look that fails proves nothing
        return {
            SLUICE_FAILED,
            "\"" + paths_[i] + "\" was " + (is_there ? "replaced" : "removed") +
                " while it was open, so that nobody would find what is written to it: nothing more is acknowledged; put the "
                "database back with its -wal and -shm, or leave all three away to begin with an empty one, and start again"};
    }
    return SLUICE_OK;
}

}  // namespace sluice::sqlite
