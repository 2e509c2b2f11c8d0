#include "publisher.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "failure.hpp"

namespace sluice::file {
namespace {

constexpr std::size_t kept_buffer_bytes = 4u << 20;

// Why the message cannot be a line; empty if it can.
std::string_view objection(const sluice_outgoing& message) {
    if (message.delay_ms > 0) return "a file cannot delay a message: publish it without a delay";
    if (message.body.size == 0) return "an empty body would be an empty line, which readers skip: publish at least {}";
    if (view(message.body).find('\n') != std::string_view::npos) {
        return "the body has a line end in it, and a line is all that a message can be here: publish compact JSON";
    }
    return {};
}

}  // namespace

Publisher::Publisher(PublisherOptions options, TargetSink sink, const Log& log) : options_(std::move(options)), sink_(sink) {
    if (options_.path == "-") {
        descriptor_ = STDOUT_FILENO;
        return;
    }
    open_file(log);
}

void Publisher::open_file(const Log& log) {
    constexpr int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY;
    own_ = FileDescriptor(::open(options_.path.c_str(), flags));
    const bool created = !own_ && errno == ENOENT;
    if (created) own_ = FileDescriptor(::open(options_.path.c_str(), flags | O_CREAT, 0644));
    if (!own_) fail(errno == ENOENT ? "open (its folder is missing: create it)" : "open", errno);
    descriptor_ = own_.get();

    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail("examine", errno);
    regular_ = S_ISREG(status.st_mode);
    if (!regular_) return;
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) fail("lock", errno);
        throw Failure(SLUICE_INVALID,
                      "another target or process writes to " + options_.path + ": give each target a file of its own");
    }
    if (created) {
        const std::string folder = std::filesystem::path(options_.path).parent_path().string();
        const FileDescriptor parent(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!parent || ::fsync(parent.get()) != 0) fail("store the name of", errno);
    }
    char last = '\n';
    if (status.st_size > 0) read_at(descriptor_, &last, 1, static_cast<std::uint64_t>(status.st_size) - 1);
    if (last == '\n') return;
    if (!write_all(descriptor_, "\n")) fail("end the torn last line of", errno);
    log.write(Level::warn, options_.path + " ended inside a line, as after a crash; the line was ended there");
}

sluice_status Publisher::publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) {
    lines_.clear();
    bool refused = false;
    for (const sluice_outgoing* message : messages) {
        if (!objection(*message).empty()) {
            refused = true;
        } else {
            lines_.append(view(message->body)).push_back('\n');
        }
    }
    if (!lines_.empty()) append();
    if (lines_.capacity() > kept_buffer_bytes) std::string().swap(lines_);
    if (!refused) return SLUICE_OK;

    std::uint64_t token = first_token;
    for (const sluice_outgoing* message : messages) {
        const std::string_view why = objection(*message);
        const sluice_status status = why.empty() ? SLUICE_OK : message->delay_ms > 0 ? SLUICE_UNSUPPORTED : SLUICE_INVALID;
        sink_.published(token++, 1, status, why);
    }
    return SLUICE_QUEUED;
}

void Publisher::append() {
    if (regular_) return append_regular();
    // Part of a line may be out when this fails: a pipe takes nothing back.
    std::string_view rest = lines_;
    while (!rest.empty()) {
        const ssize_t put = ::write(descriptor_, rest.data(), rest.size());
        if (put >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(put));
        } else if (errno == EAGAIN) {
            pollfd writable{descriptor_, POLLOUT, 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            throw Failure(SLUICE_FAILED,
                          "cannot write to " + (own_ ? options_.path : "standard output") + ": " + reason(errno));
        }
    }
}

void Publisher::append_regular() {
    if (torn_) cut_back();
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail("examine", errno);
    whole_ = static_cast<std::uint64_t>(status.st_size);
    torn_ = true;
    const bool stored = write_all(descriptor_, lines_) && (!options_.sync || ::fdatasync(descriptor_) == 0);
    const int error = errno;
    if (!stored) {
        cut_back();
        fail("write to", error);
    }
    torn_ = false;
}

void Publisher::cut_back() {
    if (::ftruncate(descriptor_, static_cast<off_t>(whole_)) != 0) fail("cut an incomplete batch off", errno);
    torn_ = false;
}

void Publisher::fail(const char* doing, int error) const {
    throw Failure(SLUICE_UNAVAILABLE, std::string("cannot ") + doing + " " + options_.path + ": " + reason(error));
}

}  // namespace sluice::file
