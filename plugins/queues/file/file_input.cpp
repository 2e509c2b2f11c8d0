#include "file_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "failure.hpp"
#include "print.hpp"

namespace sluice::file {
namespace {

FileDescriptor open_regular(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // O_NONBLOCK: a FIFO without a writer
    if (!file) {
        throw Failure(SLUICE_INVALID,
                      "cannot open " + path + ": " + reason(errno) +
                          (errno == ENOENT ? "; create it first, or correct `path`" : "; let this user read it"));
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) throw Failure(SLUICE_UNAVAILABLE, "cannot examine " + path + ": " + reason(errno));
    if (!S_ISREG(status.st_mode)) {
        throw Failure(SLUICE_INVALID,
                      path + " is not a regular file: for a pipe use `path: \"-\"` and redirect standard input");
    }
    return file;
}

std::size_t line_end_size(std::string_view text) {
    const std::size_t size = text.ends_with('\n') ? 1 : 0;
    return text.substr(0, text.size() - size).ends_with('\r') ? size + 1 : size;
}

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

FileInput::FileInput(FileOptions options, SourceSink sink, Log log)
    : options_(std::move(options)),
      log_(log),
      store_(options_.state_dir),
      file_(open_regular(options_.path)),
      reader_(file_.get(), LineReader::Access::positioned, options_.max_line, options_.read_buffer),
      position_(recognise()),
      sink_(sink, options_.path, options_.max_line, position_.stream(), true),
      store_begun_(Clock::now()),
      writer_(store_, wakeup_) {
    settled_ahead_ = position_.settled;
    read_to_ = position_.below;
    reader_.seek(read_to_);
    skip_settled();
    note_continued_line();
}

// ---- which file is it? -----------------------------------------------------------------------------------------------------

Position FileInput::recognise() {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) {
        throw Failure(SLUICE_UNAVAILABLE, "cannot examine " + options_.path + ": " + reason(errno));
    }
    Position fresh;
    fresh.device = status.st_dev;
    fresh.inode = status.st_ino;
    fresh.first = print_of_beginning(file_.get());
    std::optional<Position> stored = store_.load(options_.path);
    if (!stored) return fresh;

    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (stored->device != fresh.device || stored->inode != fresh.inode) {
        return start_over(fresh, *stored, Level::info, "is another file than last time");
    }
    if (size == 0) {
        ended_ = true;  // nothing to read, and nothing to tell what the file is by: that is judged when it has bytes again
        return *stored;
    }
    if (size < stored->highest()) {
        return start_over(
            fresh, *stored, Level::warn,
            "was cut to " + std::to_string(size) + " bytes after " + std::to_string(stored->highest()) + " had been read");
    }
    if (print_of_first(file_.get(), stored->first.size) != stored->first) {
        return start_over(fresh, *stored, Level::info, "begins with other bytes than last time");
    }
    if (print_before(file_.get(), stored->below) != stored->before) {
        return start_over(
            fresh, *stored, Level::warn,
            "was rewritten: what had been read up to offset " + std::to_string(stored->below) + " is not there any more");
    }
    return *stored;
}

Position FileInput::start_over(Position fresh, const Position& stored, Level level, const std::string& why) {
    log_.write(level, options_.path + " " + why + "; reading it from its start");
    // Other messages may now stand at the offsets of the ones before: they must not get the same ids.
    fresh.again = stored.again;
    fresh.again = fresh.stream() == stored.stream() ? stored.again + 1 : 0;
    store_.save(fresh);
    return fresh;
}

// A last line without a line end was delivered as it stood. What was appended to it since is a message of its own.
void FileInput::note_continued_line() {
    if (read_to_ == 0 || ended_) return;
    char seam[2] = {};
    if (read_at(file_.get(), seam, 2, read_to_ - 1) == 2 && seam[0] != '\n' && seam[1] != '\n' && seam[1] != '\r') {
        log_.write(
            Level::warn,
            options_.path + " had no line end at offset " + std::to_string(read_to_) +
                " when the line before it was delivered; what was added to that line since is taken as a line of its own");
    }
}

// ---- delivering ------------------------------------------------------------------------------------------------------------

sluice_status FileInput::poll(std::uint32_t max, std::chrono::milliseconds wait) {
    confirm_stored();
    if (writer_.busy() && gap() >= options_.max_gap) {
        wakeup_.wait(wait);  // the writer ends the wait
        confirm_stored();
    }
    if (store_failure_) flush();
    if (store_is_due()) begin_store();
    if (gap() >= options_.max_gap) return SLUICE_OK;
    bool waited = false;
    const std::uint32_t again = deliver_taken_back(max, wait, waited);
    if (again == max || waited || window_.next_taken_back()) return SLUICE_OK;
    const std::uint32_t fresh = deliver_new(max - again);
    if (!ended_) {
        if (window_.full() && again + fresh == 0) wakeup_.wait(wait);
        return SLUICE_OK;
    }
    if (window_.empty()) flush();
    return again + fresh == 0 ? SLUICE_END : SLUICE_OK;
}

std::uint32_t FileInput::deliver_taken_back(std::uint32_t max, std::chrono::milliseconds wait, bool& waited) {
    std::uint32_t count = 0;
    for (; count < max; ++count) {
        const auto next = window_.next_taken_back();
        if (!next) break;
        const std::int64_t now = now_ms();
        if (next->due_ms > now) {
            // Newer messages wait as well: that is what keeps the order.
            if (count == 0) wakeup_.wait(std::min(wait, std::chrono::milliseconds(next->due_ms - now)));
            waited = true;
            break;
        }
        if (!sink_.push(read_again(next->span), next->tag)) break;
        window_.delivered_again();
    }
    return count;
}

std::uint32_t FileInput::deliver_new(std::uint32_t max) {
    std::uint32_t count = 0;
    while (count < max && !window_.full()) {
        Line line;
        if (!next_line(line)) {
            ended_ = true;
            break;
        }
        const std::uint64_t tag = window_.add({line.position, line.offset, line.end});
        if (!sink_.push(line, tag)) {
            window_.settle(tag);  // never delivered; the next poll gives the line a new tag
            held_ = line;
            break;
        }
        read_to_ = line.end;
        ++count;
        skip_settled();
    }
    return count;
}

bool FileInput::next_line(Line& line) {
    if (ended_) return false;
    if (held_) {
        line = *held_;
        held_.reset();
        return true;
    }
    while (!reader_.next(line)) {
        if (reader_.at_end()) return false;
        reader_.fill();
    }
    return true;
}

Line FileInput::read_again(const Span& span) {
    const std::uint64_t size = span.end - span.offset;
    const bool too_long = size > options_.max_line + 2;
    again_.resize(too_long ? LineReader::sample_bytes : size);
    again_.resize(read_at(file_.get(), again_.data(), again_.size(), span.offset));
    Line line{again_, span.position, span.offset, span.end, size, too_long};
    if (!too_long && again_.size() == size) {
        line.text.remove_suffix(line_end_size(line.text));
        line.length = line.text.size();
        line.too_long = line.length > options_.max_line;
    } else if (too_long) {
        char end[2];
        line.length -= line_end_size({end, read_at(file_.get(), end, 2, span.end - 2)});
    } else {
        throw Failure(SLUICE_FAILED, options_.path + " was cut while it was read: the line at offset " +
                                         std::to_string(span.offset) + " is gone; start again to read what the file holds now");
    }
    return line;
}

void FileInput::skip_settled() {
    while (next_ahead_ < settled_ahead_.size() && settled_ahead_[next_ahead_].begin <= read_to_) {
        read_to_ = std::max(read_to_, settled_ahead_[next_ahead_].end);
        ++next_ahead_;
        reader_.seek(read_to_);
    }
}

// ---- settling --------------------------------------------------------------------------------------------------------------

sluice_status FileInput::settle(std::span<const sluice_settlement> items) {
    const std::int64_t now = now_ms();
    for (const sluice_settlement& item : items) {
        sluice_status status = SLUICE_UNSUPPORTED;
        if (item.action == SLUICE_ACK) {
            if (window_.settle(item.tag)) {
                unconfirmed_.push_back(item.tag);
                continue;
            }
            status = SLUICE_STALE;
        } else if (item.action == SLUICE_NACK) {
            // Nothing to make durable: a message that is not settled is delivered again in any case.
            status = window_.take_back(item.tag, now + std::max<std::int64_t>(item.delay_ms, 0)) ? SLUICE_OK : SLUICE_STALE;
        }
        sink_.settled({&item.tag, 1}, status);
    }
    confirm_stored();
    if (store_is_due()) begin_store();
    return SLUICE_QUEUED;
}

void FileInput::flush() {
    if (writer_.busy()) end_store(writer_.wait());
    if (unconfirmed_.empty()) return;
    begin_store();
    if (writer_.busy()) end_store(writer_.wait());
    if (store_failure_) std::rethrow_exception(store_failure_);
}

bool FileInput::store_is_due() const {
    if (unconfirmed_.empty() || writer_.busy()) return false;
    // Half the gap leaves the other half to be settled meanwhile.
    return unconfirmed_.size() >= options_.max_gap / 2 || Clock::now() - store_begun_ >= options_.persist_every;
}

void FileInput::begin_store() {
    Position next = position_;
    next.below = window_.lowest_unsettled(read_to_);
    try {
        next.before = print_before(file_.get(), next.below);
    } catch (const Failure&) {
        store_failure_ = std::current_exception();
        return;
    }
    next.settled.clear();
    window_.append_settled_ranges(read_to_, next.settled);
    next.settled.insert(next.settled.end(), settled_ahead_.begin() + static_cast<std::ptrdiff_t>(next_ahead_),
                        settled_ahead_.end());
    storing_.swap(unconfirmed_);
    store_begun_ = Clock::now();
    writer_.submit(std::move(next));
}

void FileInput::confirm_stored() {
    if (auto result = writer_.finished()) end_store(*std::move(result));
}

void FileInput::end_store(PositionWriter::Result result) {
    store_failure_ = result.failure;
    if (store_failure_) {
        unconfirmed_.insert(unconfirmed_.end(), storing_.begin(), storing_.end());
        storing_.clear();
        return;
    }
    const bool rose = result.position.below != position_.below;
    position_ = std::move(result.position);
    sink_.settled(storing_, SLUICE_OK);
    storing_.clear();
    if (rose) sink_.confirmed_below(position_.below);
}

}  // namespace sluice::file
