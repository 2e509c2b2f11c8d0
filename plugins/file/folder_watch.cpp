#include "folder_watch.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "failure.hpp"

namespace sluice::file {
namespace {

// Of an open file or folder itself: its name may be another's by now.
std::string link_to(int descriptor) {
    return "/proc/self/fd/" + std::to_string(descriptor);
}

[[noreturn]] void no_watch(const std::string& what, int error) {
    throw Failure(SLUICE_UNAVAILABLE,
                  "cannot watch " + what + ": " + words(error) +
                      "; raise fs.inotify.max_user_instances, fs.inotify.max_user_watches or `ulimit -n` if "
                      "there are too many");
}

}  // namespace

FolderWatch::FolderWatch(std::string folder, std::string name)
    : path_(std::move(folder)),
      name_(std::move(name)),
      events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!events_) no_watch(path_, errno);
    watch_folder();
}

void FolderWatch::watch_folder() {
    const FileDescriptor folder(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0) return;
    folder_ = ::inotify_add_watch(
        events_.get(), link_to(folder.get()).c_str(),
        IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR);
    if (folder_ < 0 && (errno == ENOSPC || errno == ENOMEM)) no_watch("the folder " + path_, errno);
    folder_id_ = {status.st_dev, status.st_ino};
}

void FolderWatch::forget_folder() noexcept {
    if (folder_ >= 0) remove(folder_);
    folder_ = -1;
    folder_id_ = {};
}

int FolderWatch::watch_file(int descriptor) {
    const int watch = ::inotify_add_watch(events_.get(), link_to(descriptor).c_str(), IN_MODIFY);
    if (watch < 0) no_watch("a file of " + path_, errno);
    return watch;
}

void FolderWatch::remove(int watch) noexcept {
    ::inotify_rm_watch(events_.get(), watch);  // fails when the file is gone, and the watch with it
}

bool FolderWatch::look() {
    struct stat status {};
    const bool there = ::stat(path_.c_str(), &status) == 0;
    const bool another = (there ? FileId{status.st_dev, status.st_ino} : FileId()) != folder_id_;
    if (!another && (folder_ >= 0 || !there)) return false;
    forget_folder();
    watch_folder();
    return another || folder_ >= 0;
}

bool FolderWatch::drain() {
    bool changed = false, lost = false;
    alignas(inotify_event) char buffer[16 << 10];
    for (;;) {
        const ssize_t got = ::read(events_.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        for (const char* at = buffer; at < buffer + got;) {
            const auto& event = *reinterpret_cast<const inotify_event*>(at);
            const bool of_name = event.len != 0 && name_ == event.name;
            changed = changed || (event.wd == folder_ && of_name) || (event.mask & IN_Q_OVERFLOW) != 0;
            // What has the path now, if anything, is another folder.
            lost = lost || (event.wd == folder_ && (event.mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT)) != 0);
            at += sizeof(inotify_event) + event.len;
        }
        if (static_cast<std::size_t>(got) < sizeof buffer / 2) break;
    }
    if (lost) {
        forget_folder();
        watch_folder();
    }
    return changed || lost;
}

}  // namespace sluice::file
