// Places that a test lets a Logging write to, and reads from.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace sluice {

// A file in memory.
class MemoryFile {
public:
    MemoryFile() : file_(::memfd_create("log", 0)) {
        if (file_ < 0) throw std::runtime_error("memfd_create failed");
    }
    ~MemoryFile() { ::close(file_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    int file() const { return file_; }
    std::string text() const {
        std::string all(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
        if (::pread(file_, all.data(), all.size(), 0) != static_cast<ssize_t>(all.size()))
            throw std::runtime_error("pread failed");
        return all;
    }

private:
    int file_;
};

// A terminal whose other end we read.
class Terminal {
public:
    Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
        if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no terminal");
        slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
        if (slave_ < 0) throw std::runtime_error("no terminal");
    }
    ~Terminal() {
        ::close(slave_);
        ::close(master_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    int file() const { return slave_; }
    // What was written since the last call.
    std::string take() {
        std::string all;
        char buffer[4096];
        for (ssize_t size = 0; (size = ::read(master_, buffer, sizeof buffer)) > 0;)
            all.append(buffer, static_cast<std::size_t>(size));
        return all;
    }

private:
    int master_;
    int slave_;
};

}  // namespace sluice
