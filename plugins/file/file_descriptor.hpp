// Owns a descriptor, and does what read and write leave to the caller: interrupted and short calls.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "failure.hpp"

namespace sluice::file {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileDescriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    explicit operator bool() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

private:
    int descriptor_ = -1;
};

// Where the file is now, for people: it may have been renamed since it was opened.
inline std::string path_of(int descriptor) {
    char path[4096];
    const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "descriptor " + std::to_string(descriptor);
}

inline Failure reading_failed(int descriptor, std::uint64_t offset, int error) {
    return {SLUICE_UNAVAILABLE,
            "cannot read " + path_of(descriptor) + " at offset " + std::to_string(offset) + ": " + reason(error)};
}

// Fewer than `size` only at the end of the file.
inline std::size_t read_at(int descriptor, char* to, std::size_t size, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::pread(descriptor, to + done, size - done, static_cast<off_t>(offset + done));
        if (got == 0) break;
        if (got > 0) done += static_cast<std::size_t>(got);
        if (got < 0 && errno != EINTR) throw reading_failed(descriptor, offset + done, errno);
    }
    return done;
}

// How much was written; if that is not all, errno says why.
inline std::size_t write_some(int descriptor, std::string_view bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t put = ::write(descriptor, bytes.data() + done, bytes.size() - done);
        if (put >= 0) done += static_cast<std::size_t>(put);
        if (put < 0 && errno != EINTR) break;
    }
    return done;
}

// False, with errno, if not all was written.
inline bool write_all(int descriptor, std::string_view bytes) {
    return write_some(descriptor, bytes) == bytes.size();
}

}  // namespace sluice::file
