#include "probe.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

#include "encoding.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "position.hpp"
#include "rotation.hpp"
#include "stream_input.hpp"

namespace sluice::file {
namespace {

constexpr const char* file_fact = "file";

std::string in_bytes(std::uint64_t size) {
    return std::to_string(size) + " bytes";
}

// Of several, as of a file that was followed: that of this file.
std::string stored_position(const FileOptions& options, int descriptor, bool& is_at_start) {
    const Positions stored = read_positions(options.state_dir, options.path);
    is_at_start = true;
    if (stored.empty()) return "none stored: read from the start";
    const FileId id = id_of(status_of(descriptor));
    const auto found = std::find_if(stored.rbegin(), stored.rend(),
                                    [&](const Position& each) { return each.is_of(id) && fits(descriptor, each); });
    if (found == stored.rend()) return "stored for other contents than the file has now: read from the start";
    is_at_start = found->below == 0;
    return "offset " + std::to_string(found->below) + " is reached";
}

void probe_file(const FileOptions& options, const Probe& probe) {
    const Rotation rotation(options.path);
    const std::string obstacle = rotation.obstacle();
    const Named named = open_named(options.path);
    if (!named.file) {
        if (options.follow && !obstacle.empty()) throw Failure(SLUICE_UNAVAILABLE, obstacle);
        if (!named.missing()) {
            const bool is_wrong = named.kind != nullptr || named.error == EACCES || !may_pass(named.error);
            throw Failure(is_wrong ? SLUICE_INVALID : SLUICE_UNAVAILABLE, cannot_open(options.path, named));
        }
        // Without its folder it cannot be said that the file is missing: that may have to be mounted.
        if (!options.follow)
            throw Failure(obstacle.empty() ? SLUICE_INVALID : SLUICE_UNAVAILABLE, cannot_open(options.path, named));
        probe.fact(file_fact, options.path + " is not there yet: it is waited for");
        return;
    }
    if (options.follow && !obstacle.empty()) throw Failure(SLUICE_UNAVAILABLE, obstacle);
    bool is_at_start = true;
    const std::string position = stored_position(options, named.file.get(), is_at_start);
    if (is_at_start) refuse_foreign_file(named.file.get(), options.path, SLUICE_INVALID);
    probe.fact(file_fact, options.path + " of " + in_bytes(static_cast<std::uint64_t>(status_of(named.file.get()).st_size)));
    probe.fact("position", position);
}

[[noreturn]] void cannot_write(const std::string& path, int error, const std::string& who) {
    const bool is_wrong = error == EACCES || error == EPERM || error == EROFS || !may_pass(error);
    throw Failure(is_wrong ? SLUICE_INVALID : SLUICE_UNAVAILABLE,
                  "cannot open " + path + ": " + reason(error) + "; let this user write " + who + ", or correct `path`");
}

// What may be written to; false: it is not there.
bool probe_output(const std::string& path, const Probe& probe) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return false;
        cannot_write(path, errno, "there");
    }
    const bool is_file = S_ISREG(status.st_mode);
    if (!is_file && !S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) refuse_output(path, status.st_mode);
    if (::access(path.c_str(), is_file ? R_OK | W_OK : W_OK) != 0) cannot_write(path, errno, is_file ? "and read it" : "to it");
    probe.fact(file_fact, path + (is_file                    ? " of " + in_bytes(static_cast<std::uint64_t>(status.st_size))
                                  : S_ISFIFO(status.st_mode) ? " is a FIFO"
                                                             : " is a device"));
    return true;
}

}  // namespace

void probe_source(const FileOptions& options, const Probe& probe) {
    if (options.path == "-") {
        expect_input(STDIN_FILENO);
        probe.fact(file_fact, "standard input");
        probe.fact(SLUICE_FACT_REDELIVERY, "none: what was read is gone");
    } else {
        probe_file(options, probe);
        probe.fact(SLUICE_FACT_REDELIVERY, "what is not settled is read again under the same id");
    }
    probe.fact(SLUICE_FACT_ORDER, "as in the file");
    probe.fact(SLUICE_FACT_LIMITS, "lines of at most " + in_bytes(options.max_line));
}

void probe_target(const OutputOptions& options, const Probe& probe) {
    if (options.path == "-") {
        probe.fact(file_fact, "standard output");
    } else if (!probe_output(options.path, probe)) {
        const std::string folder = Rotation(options.path).folder();
        if (::access(folder.c_str(), F_OK) != 0)
            throw Failure(SLUICE_UNAVAILABLE,
                          "cannot open (its folder is missing: create it) " + options.path + ": " + reason(errno));
        if (::access(folder.c_str(), W_OK | X_OK) != 0) cannot_write(options.path, errno, "its folder");
        probe.fact(file_fact, options.path + " is not there yet: it is made at the start");
    }
    probe.fact(SLUICE_FACT_DURABILITY,
               options.sync ? "lines are on the disk before they are confirmed" : "the system writes lines when it likes");
    probe.fact(SLUICE_FACT_LIMITS, "a message is one line");
}

}  // namespace sluice::file
