#include "folder_watch.hpp"

#include <sys/inotify.h>

#include "failure.hpp"

namespace sluice::file {

FolderWatch::FolderWatch(std::string folder, std::string name)
    : path_(std::move(folder)), name_(std::move(name)), events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!events_) {
        throw Failure(SLUICE_UNAVAILABLE, "cannot watch " + path_ + ": " + reason(errno) +
                                              "; raise fs.inotify.max_user_instances if there are too many");
    }
    watch_folder();
}

void FolderWatch::watch_folder() {
    folder_ =
        ::inotify_add_watch(events_.get(), path_.c_str(),
                            IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    if (folder_ < 0) throw Failure(SLUICE_UNAVAILABLE, "cannot watch the folder " + path_ + ": " + reason(errno));
}

int FolderWatch::watch_file(int descriptor) {
    // By its descriptor: the name may be another file's by now.
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    const int watch = ::inotify_add_watch(events_.get(), path.c_str(), IN_MODIFY);
    if (watch < 0) {
        throw Failure(SLUICE_UNAVAILABLE, "cannot watch a file of " + path_ + ": " + reason(errno) +
                                              "; raise fs.inotify.max_user_watches if there are too many");
    }
    return watch;
}

void FolderWatch::remove(int watch) noexcept {
    ::inotify_rm_watch(events_.get(), watch);  // fails when the file is gone, and the watch with it
}

bool FolderWatch::drain() {
    bool changed = false;
    alignas(inotify_event) char buffer[16 << 10];
    for (;;) {
        const ssize_t got = ::read(events_.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        for (const char* at = buffer; at < buffer + got;) {
            const auto& event = *reinterpret_cast<const inotify_event*>(at);
            const bool of_name = event.len != 0 && name_ == event.name;
            changed = changed || (event.wd == folder_ && of_name) || (event.mask & IN_Q_OVERFLOW) != 0;
            if (event.wd == folder_ && (event.mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT)) != 0) {
                remove(folder_);  // what has the path now, if anything, is another folder
                folder_ = -1;
            }
            at += sizeof(inotify_event) + event.len;
        }
        if (static_cast<std::size_t>(got) < sizeof buffer / 2) break;
    }
    if (folder_ < 0) {
        watch_folder();
        changed = true;
    }
    return changed;
}

}  // namespace sluice::file
