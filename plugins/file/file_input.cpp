#include "file_input.hpp"

#include <time.h>

#include <algorithm>

#include "failure.hpp"

namespace sluice::file {
namespace {

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

FileInput::FileInput(FileOptions options, SourceSink sink, Log log)
    : options_(std::move(options)),
      segment_options_{options_.path, options_.max_line, options_.read_buffer},
      sink_(sink),
      log_(log),
      rotation_(options_.path),
      store_(options_.state_dir),
      store_begun_(Clock::now()),
      writer_(store_, wakeup_) {
    if (!options_.follow) {
        open_one();
        return;
    }
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // the one that files are stamped with
    created_ns_ = now.tv_sec * 1'000'000'000 + now.tv_nsec;
    const Named named = open_named(options_.path);
    if (named.kind != nullptr || (!named.file && !may_pass(named.error)))
        throw Failure(SLUICE_INVALID, cannot_open(options_.path, named));
    resume();
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
    if (options_.follow && !look()) {
        wakeup_.wait(wait);
        return SLUICE_OK;
    }

    bool waited = false;
    const std::uint32_t again = deliver_taken_back(max, wait, waited);
    if (again == max || waited ||
        std::ranges::any_of(segments_, [](const auto& each) { return each->next_due_ms().has_value(); }))
        return SLUICE_OK;
    const std::uint32_t fresh = deliver_new(max - again);
    if (ended_) {
        if (unsettled() == 0) flush();
        return again + fresh == 0 ? SLUICE_END : SLUICE_OK;
    }
    if (again + fresh == 0) wait_for_news(wait);
    return SLUICE_OK;
}

std::uint32_t FileInput::deliver_taken_back(std::uint32_t max, std::chrono::milliseconds wait, bool& waited) {
    std::uint32_t count = 0;
    for (const auto& segment : segments_) {
        if (!segment->next_due_ms()) continue;
        count += segment->deliver_taken_back(max - count, now_ms());
        const auto due_ms = segment->next_due_ms();
        if (!due_ms) continue;
        // Newer messages wait as well: that is what keeps the order.
        const std::int64_t left = *due_ms - now_ms();
        waited = left > 0;
        if (waited && count == 0) wakeup_.wait(std::min(wait, std::chrono::milliseconds(left)));
        break;
    }
    return count;
}

std::uint32_t FileInput::deliver_new(std::uint32_t max) {
    std::uint32_t count = 0;
    while (count < max) {
        // After a restart also those before the last one have lines that are to be read again.
        const auto first = std::ranges::find_if(segments_, [](const auto& each) { return !each->over(); });
        if (first == segments_.end()) {
            ended_ = !options_.follow;
            if (ended_ || segments_.size() == segments_max || !next_is_there() || !begin_next()) break;
            flush();
            continue;
        }
        Segment& reading = **first;
        count += reading.deliver_new(max - count, unsettled());
        if (reading.cut()) {
            take_up_cut();
        } else if (reading.held() || unsettled() >= Window::capacity) {
            break;
        } else if (reading.growing() && count < max) {
            // Whoever writes to the next one is done with this one: what is in it now is all.
            if (!next_is_there()) break;
            reading.end_growing();
        }
    }
    return count;
}

std::uint32_t FileInput::unsettled() const {
    std::uint32_t count = 0;
    for (const auto& segment : segments_) count += segment->unsettled();
    return count;
}

void FileInput::wait_for_news(std::chrono::milliseconds wait) {
    const bool held = !segments_.empty() && segments_.back()->held();
    if (held || (!watch_ && unsettled() < Window::capacity)) return;
    if (!unconfirmed_.empty() && !writer_.busy()) {
        const auto left =
            options_.persist_every - std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - store_begun_);
        wait = std::clamp(left + std::chrono::milliseconds(1), std::chrono::milliseconds(0), wait);
    }
    wakeup_.wait(watch_ ? std::min<std::chrono::milliseconds>(wait, look_every) : wait, watch_ ? watch_->descriptor() : -1);
    woken_ = true;
}

// ---- settling --------------------------------------------------------------------------------------------------------------

Segment* FileInput::segment_of(std::uint64_t tag) {
    const auto found = std::ranges::find(segments_, Window::mark_of(tag), [](const auto& each) { return each->mark(); });
    return found == segments_.end() ? nullptr : found->get();
}

sluice_status FileInput::settle(std::span<const sluice_settlement> items) {
    const std::int64_t now = now_ms();
    for (const sluice_settlement& item : items) {
        sluice_status status = SLUICE_INVALID;
        Segment* segment = segment_of(item.tag);
        if (item.action == SLUICE_ACK) {
            if (segment != nullptr && segment->settle(item.tag)) {
                unconfirmed_.push_back(item.tag);
                continue;
            }
            status = SLUICE_STALE;
        } else if (item.action == SLUICE_RELEASE) {
            // Nothing to make durable: a message that is not settled is delivered again in any case.
            const std::int64_t due_ms = now + std::clamp<std::int64_t>(item.delay_ms, 0, INT64_MAX - now);
            status = segment != nullptr && segment->take_back(item.tag, due_ms) ? SLUICE_OK : SLUICE_STALE;
        }
        sink_.settled({&item.tag, 1}, status);
    }
    confirm_stored();
    if (store_is_due()) begin_store();
    return SLUICE_QUEUED;
}

void FileInput::flush() {
    if (writer_.busy()) end_store(writer_.wait());
    if (unconfirmed_.empty() && !begun_) return;
    begin_store();
    if (writer_.busy()) end_store(writer_.wait());
    if (store_failure_) std::rethrow_exception(store_failure_);
}

bool FileInput::store_is_due() const {
    if (writer_.busy()) return false;
    if (unconfirmed_.empty()) return false;
    // Half the gap leaves the other half to be settled meanwhile.
    return unconfirmed_.size() >= options_.max_gap / 2 || Clock::now() - store_begun_ >= options_.persist_every;
}

void FileInput::begin_store() {
    Positions next;
    try {
        // A position must not hold the print of bytes that came into the file after it was cut: nothing would fit it.
        if (watch_ && !segments_.empty() && segments_.back()->was_cut()) take_up_cut();
        next = done_;
        for (const auto& segment : segments_) {
            next.push_back(segment->snapshot());
            // The last one stays as it is: a file without a position would be taken for a new one.
            next.back().done = segment->complete() && segment != segments_.back();
        }
    } catch (const Failure&) {
        store_failure_ = std::current_exception();
        return;
    }
    const auto done = std::ranges::count_if(next, &Position::done);
    if (done > static_cast<std::ptrdiff_t>(done_max)) {
        auto excess = done - static_cast<std::ptrdiff_t>(done_max);
        std::erase_if(next, [&](const Position& each) { return each.done && excess-- > 0; });
    }
    storing_.swap(unconfirmed_);
    storing_begun_ = std::exchange(begun_, false);
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
        begun_ = begun_ || storing_begun_;
        return;
    }
    if (!storing_.empty()) sink_.settled(storing_, SLUICE_OK);
    storing_.clear();
    done_.clear();
    for (const Position& position : result.positions) {
        const std::string stream = position.stream();
        const auto segment = std::ranges::find(segments_, stream, [](const auto& each) { return each->position().stream(); });
        if (segment != segments_.end()) (*segment)->stored(position);
        if (!position.done) continue;
        done_.push_back(position);
        if (segment != segments_.end()) segments_.erase(segment);
    }
}

}  // namespace sluice::file
