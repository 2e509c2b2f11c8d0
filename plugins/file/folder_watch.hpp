// Says when a name of a folder may lead to another file, and when a file has grown (inotify).
//
// The kernel watches folders, and not paths: it says nothing when a link on the way is switched, when a parent is renamed, or
// when another machine writes to a network file system. look() finds the first two, and whoever asks it every few seconds may
// as well look for the third.
//
// Threads  one at a time.
// Errors   Failure(unavailable): the system has no watches left. A folder that is not there is waited for.
// Limits   what is not drained waits in the kernel; when that is full, everything counts as changed.
#pragma once

#include <string>

#include "file_descriptor.hpp"
#include "position.hpp"

namespace sluice::file {

class FolderWatch {
public:
    FolderWatch(std::string folder, std::string name);

    // Readable when drain() has something to take.
    int descriptor() const { return events_.get(); }

    // The file that this descriptor has open, under whatever name; until removed. Answers what remove() is given.
    int watch_file(int descriptor);
    void remove(int watch) noexcept;

    // Takes what has happened since. True: the name may lead to another file now, or to none.
    bool drain();
    // Whether the path leads to another folder than the one that is watched, which it then is.
    bool look();

private:
    void watch_folder();
    void forget_folder() noexcept;

    const std::string path_;
    const std::string name_;
    FileDescriptor events_;
    int folder_ = -1;  // none: it is not there, or may not be read
    FileId folder_id_;
};

}  // namespace sluice::file
