// The component `file`: its options, and its two roles.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "file_input.hpp"
#include "probe.hpp"
#include "publisher.hpp"
#include "sluice/sdk/queue.hpp"
#include "stream_input.hpp"

namespace {

using namespace sluice::file;
using namespace std::chrono_literals;

// What `sluice check` can see already. The host has made the path normal: a folder's name may still end in a slash.
std::string file_named(const sluice::Setup& setup) {
    std::string path = setup.path("path");
    std::error_code unknown;
    if (path.ends_with('/') || std::filesystem::is_directory(path, unknown))
        throw sluice::Failure(SLUICE_INVALID, "`path` must name a file, and " + path + " is a folder");
    return path;
}

class FileSource final : public sluice::Source {
public:
    explicit FileSource(const sluice::Setup& setup)
        : setup_(setup),
          options_{
              .path = file_named(setup),
              .follow = setup.boolean("follow"),
              .max_line = setup.size("max_line", FileOptions{}.max_line),
              .max_gap = static_cast<std::size_t>(setup.integer("max_gap", static_cast<std::int64_t>(FileOptions{}.max_gap))),
              .read_buffer = setup.size("read_buffer", FileOptions{}.read_buffer),
              .persist_every = setup.duration("persist_every", FileOptions{}.persist_every)} {
        if (options_.follow && is_stream())
            throw sluice::Failure(SLUICE_INVALID,
                                  "`follow` is for files: standard input is read until whoever writes to it ends");
    }

    std::uint64_t capabilities() const noexcept override {
        if (is_stream()) return SLUICE_QUEUE_FINITE;
        return (options_.follow ? 0 : SLUICE_QUEUE_FINITE) | SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER |
               SLUICE_QUEUE_STABLE_IDS;
    }

    sluice::Status open(sluice::SourceSink sink) override {
        if (is_stream()) {
            input_ = std::make_unique<StreamInput>(STDIN_FILENO, sink, options_.max_line, options_.read_buffer);
        } else {
            options_.state_dir = setup_.state_dir();
            input_ = std::make_unique<FileInput>(options_, sink, setup_.log());
        }
        return SLUICE_OK;
    }
    sluice::Status poll(const sluice::Poll& poll) override { return input_->poll(poll.max, poll.wait); }
    sluice::Status settle(std::span<const sluice_settlement> items) override { return input_->settle(items); }
    sluice::Status flush() override {
        input_->flush();
        return SLUICE_OK;
    }
    void wake() noexcept override { input_->wake(); }
    sluice::Status probe(sluice::Probe probe) override {
        if (!is_stream()) options_.state_dir = setup_.state_dir();
        probe_source(options_, probe);
        return SLUICE_OK;
    }
    void close() override { input_.reset(); }

private:
    bool is_stream() const noexcept { return options_.path == "-"; }

    const sluice::Setup setup_;
    FileOptions options_;
    std::unique_ptr<Input> input_;
};

class FileTarget final : public sluice::Target {
public:
    explicit FileTarget(const sluice::Setup& setup)
        : options_{.path = file_named(setup), .sync = setup.text("sync", "batch") == "batch"},
          log_(setup.log()) {}

    sluice::Status open(sluice::TargetSink sink) override {
        publisher_.emplace(options_, sink, log_);
        return SLUICE_OK;
    }
    sluice::Status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) override {
        return publisher_->publish(messages, first_token);
    }
    sluice::Status reopen() override {
        publisher_->reopen();
        return SLUICE_OK;
    }
    sluice::Status probe(sluice::Probe probe) override {
        probe_target(options_, probe);
        return SLUICE_OK;
    }
    void close() override { publisher_.reset(); }

private:
    const OutputOptions options_;
    const sluice::Log log_;
    std::optional<Publisher> publisher_;
};

}  // namespace

SLUICE_PLUGIN(
    "sluice.file", "0.1.0",
    sluice::queue<FileSource, FileTarget>(
        "file", "JSON Lines: reads a file or standard input, or appends to a file or standard output.",
        sluice::path("path", "The file; \"-\" is standard input, for a target standard output.").required(),
        sluice::boolean("follow",
                        "Reads on as the file grows, waits for it if it is not there yet, and goes on with the next one when "
                        "it is rotated.")
            .otherwise(false)
            .for_source(),
        sluice::size("max_line", "A longer line becomes a dead letter; it is skipped without being kept in memory.")
            .otherwise("1MiB")
            .between(1, 64 << 20)
            .for_source(),
        sluice::integer("max_gap",
                        "Messages that may be settled and not yet in the stored position: what a crash reads again at most, "
                        "beside those in flight.")
            .otherwise(100'000)
            .between(1, 10'000'000)
            .for_source(),
        sluice::duration("persist_every", "How often the position is stored while messages are being settled.")
            .otherwise(100ms)
            .between(0ms, 1h)
            .for_source(),
        sluice::size("read_buffer", "Bytes read at once.").otherwise("256KiB").between(4096, 64 << 20).for_source(),
        sluice::one_of(
            "sync", {"batch", "never"},
            "batch: what is published is on the disk before it is confirmed; never: the system writes it when it likes.")
            .otherwise("batch")
            .for_target()))
