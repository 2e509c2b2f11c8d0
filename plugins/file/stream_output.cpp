#include "stream_output.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace sluice::file {

StreamOutput::StreamOutput(std::string path, const Log& log) : name_(std::move(path)) {
    try {
        open();
    } catch (const Failure& failure) {
        if (failure.code() != SLUICE_UNAVAILABLE) throw;
        log.write(Level::info, std::string(failure.what()) + "; waiting for that");
    }
}

StreamOutput::StreamOutput(int descriptor, std::string name) : name_(std::move(name)), descriptor_(descriptor) {}

void StreamOutput::open() {
    // Waits for nobody: a FIFO that nobody reads cannot be opened so.
    own_ = FileDescriptor(::open(name_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!own_ && errno == ENXIO) throw Failure(SLUICE_UNAVAILABLE, "nobody reads the FIFO " + name_);
    if (!own_)
        throw Failure(may_pass(errno) ? SLUICE_UNAVAILABLE : SLUICE_INVALID, "cannot open " + name_ + ": " + reason(errno));
    struct stat status {};
    if (::fstat(own_.get(), &status) == 0 && S_ISREG(status.st_mode)) {
        own_ = FileDescriptor();
        throw Failure(SLUICE_INVALID, name_ + " is a regular file now, and was none: start again");
    }
    descriptor_ = own_.get();
}

// A FIFO that was made anew is another one.
void StreamOutput::reopen() {
    struct stat named {
    }, open{};
    if (own_ && (::stat(name_.c_str(), &named) != 0 || ::fstat(descriptor_, &open) != 0 || named.st_ino != open.st_ino ||
                 named.st_dev != open.st_dev)) {
        own_ = FileDescriptor();
        descriptor_ = -1;
        out_.clear();
    }
    if (descriptor_ < 0) this->open();
}

void StreamOutput::append(std::string_view lines) {
    reopen();
    if (torn_ || (!out_.empty() && out_.back() != '\n' && !lines.starts_with(out_) && !out_.starts_with(lines))) {
        std::string_view end = "\n";
        write(end);
        torn_ = false;
        out_.clear();
    }
    std::string_view rest = unwritten(lines);
    try {
        write(rest);
    } catch (const Failure&) {
        const std::string_view out = lines.substr(0, lines.size() - rest.size());
        if (descriptor_ >= 0)
            out_.assign(out);
        else
            torn_ = !out.empty() && out.back() != '\n';  // whoever comes next may find it in the pipe
        throw;
    }
}

// The host hands lines that do not count as written out again, usually with others behind them.
std::string_view StreamOutput::unwritten(std::string_view lines) {
    if (!out_.empty() && out_.starts_with(lines)) {
        out_.erase(0, lines.size());
        return {};
    }
    const std::size_t done = lines.starts_with(out_) ? out_.size() : 0;
    out_.clear();
    return lines.substr(done);
}

// A piece of PIPE_BUF bytes does not block when poll() says that there is room, and goes out whole or not at all.
void StreamOutput::write(std::string_view& rest) {
    while (!rest.empty()) {
        pollfd writable{descriptor_, POLLOUT, 0};
        const int ready = ::poll(&writable, 1, patience_ms);
        if (ready == 0) throw Failure(SLUICE_FULL, name_ + " takes nothing now: whoever reads it does not read on");
        std::size_t size = std::min<std::size_t>(rest.size(), PIPE_BUF);
        if (const auto end = rest.rfind('\n', size - 1); end != rest.npos) size = end + 1;  // whole lines if it can be
        const ssize_t put = ready < 0 ? -1 : ::write(descriptor_, rest.data(), size);
        if (put >= 0)
            rest.remove_prefix(static_cast<std::size_t>(put));
        else if (errno != EAGAIN && errno != EINTR)
            fail(errno);
    }
}

void StreamOutput::fail(int error) {
    if (error != EPIPE) throw Failure(SLUICE_FAILED, "cannot write to " + name_ + ": " + reason(error));
    if (!own_) {
        throw Failure(SLUICE_FAILED,
                      name_ + " has no reader any more, as when `head` has read enough: nothing more can be published there");
    }
    own_ = FileDescriptor();
    descriptor_ = -1;
    out_.clear();
    throw Failure(SLUICE_UNAVAILABLE, "whoever read the FIFO " + name_ + " has left");
}

}  // namespace sluice::file
