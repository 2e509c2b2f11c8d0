// Says when a name of a folder may lead to another file, and when a file has grown (inotify).
//
// Threads  one at a time.
// Errors   Failure(unavailable): the folder is gone or out of reach, or the system has no watches left.
// Limits   what is not drained waits in the kernel; when that is full, everything counts as changed.
#pragma once

#include <string>

#include "file_descriptor.hpp"

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

private:
    void watch_folder();

    const std::string path_;
    const std::string name_;
    FileDescriptor events_;
    int folder_ = -1;
};

}  // namespace sluice::file
