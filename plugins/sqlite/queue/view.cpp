#include "queue/view.hpp"

#include <charconv>

#include "clock.hpp"
#include "queue/headers.hpp"

namespace sluice::sqlite {
namespace {

class RemoveJob final : public Job {
public:
    RemoveJob(Queue& queue, std::span<const sluice_bytes> places) : queue_(queue), places_(places) {
        ledger = &queue;
        messages = places.size();
    }
    Status apply(WriteConnection&) override {
        removed = 0;
        for (const sluice_bytes& place : places_) {
            bool was_removed = false;
            if (Status done = queue_.remove(number_of_place(sluice::view(place)), was_removed); !done.ok()) return done;
            removed += was_removed;
        }
        return SLUICE_OK;
    }
    void end(const Status& ended) override {
        outcome = ended;
        ended_.ring();
    }
    void wait() { ended_.wait(); }

    std::uint64_t removed = 0;
    Status outcome;

private:
    Queue& queue_;
    std::span<const sluice_bytes> places_;
    Bell ended_;
};

}  // namespace

std::uint64_t number_of_place(std::string_view place) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), number);
    return error == std::errc() && end == place.data() + place.size() && number <= INT64_MAX ? number : 0;
}

QueueView::QueueView(Queue& queue)
    : queue_(queue),
      handle_(queue.file().open_reader()),
      list_(prepare(handle_.get(), StoredRow::select_from(queue.rows()) + " WHERE number > ? ORDER BY number LIMIT ?")),
      get_(prepare(handle_.get(), StoredRow::select_from(queue.rows()) + " WHERE number = ?")),
      delayed_(prepare(handle_.get(), "SELECT count(*) FROM " + queue.rows() + " WHERE due > ?")),
      oldest_(prepare(handle_.get(), "SELECT enqueued FROM " + queue.rows() + " WHERE dead IS NULL ORDER BY number LIMIT 1")) {}

Status QueueView::depths(sluice_queue_depths& depths) {
    const auto positive = [](std::int64_t number) { return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0)); };
    const QueueCounts counts = queue_.levels().counts();
    const QueueLevels::Bounds bounds = queue_.levels().bounds();
    {
        const std::lock_guard lock(queue_.delivery());
        depths.in_flight = queue_.in_flight().count();
    }
    const std::lock_guard lock(mutex_);
    sqlite3_bind_int64(delayed_.get(), 1, unix_ms());
    int code = sqlite3_step(delayed_.get());
    if (code == SQLITE_ROW) depths.delayed = positive(sqlite3_column_int64(delayed_.get(), 0));
    if (Status counted = answer(delayed_.get(), code); !counted.ok()) return counted;
    code = sqlite3_step(oldest_.get());
    if (code == SQLITE_ROW) depths.oldest_ms = sqlite3_column_int64(oldest_.get(), 0);
    if (Status found = answer(oldest_.get(), code); !found.ok()) return found;
    depths.dead = positive(counts.dead);
    depths.bytes = positive(counts.bytes);
    depths.ready = positive(counts.messages - counts.dead - static_cast<std::int64_t>(depths.in_flight + depths.delayed));
    depths.messages_max = positive(bounds.messages);
    depths.bytes_max = positive(bounds.bytes);
    return SLUICE_OK;
}

Status QueueView::list(std::string_view after, const StoredSink& sink) {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_ms = unix_ms();
    auto last = static_cast<std::int64_t>(number_of_place(after));
    for (;;) {
        sqlite3_bind_int64(list_.get(), 1, last);
        sqlite3_bind_int(list_.get(), 2, listed_at_once);
        int code = SQLITE_ROW;
        int count = 0;
        bool wants_more = true;
        while (wants_more && (code = sqlite3_step(list_.get())) == SQLITE_ROW) {
            const StoredRow row(list_.get());
            last = static_cast<std::int64_t>(row.number());
            ++count;
            wants_more = show(row, sink, now_ms);
        }
        if (Status listed = answer(list_.get(), code); !listed.ok()) return listed;
        if (!wants_more || count < listed_at_once) return SLUICE_OK;
    }
}

Status QueueView::get(std::string_view place, const StoredSink& sink) {
    const std::lock_guard lock(mutex_);
    sqlite3_bind_int64(get_.get(), 1, static_cast<std::int64_t>(number_of_place(place)));
    const int code = sqlite3_step(get_.get());
    if (code == SQLITE_ROW) (void)show(StoredRow(get_.get()), sink, unix_ms());
    if (Status got = answer(get_.get(), code); !got.ok()) return got;
    if (code == SQLITE_ROW) return SLUICE_OK;
    return {SLUICE_INVALID, "there is no message " + std::string(place) + " in the queue \"" + queue_.name() + "\""};
}

Status QueueView::remove(std::span<const sluice_bytes> places, std::uint64_t& removed) {
    removed = 0;
    if (places.empty()) return SLUICE_OK;
    RemoveJob job(queue_, places);
    queue_.file().writer().submit(job);
    job.wait();
    if (job.outcome.ok()) removed = job.removed;
    return job.outcome;
}

bool QueueView::show(const StoredRow& row, const StoredSink& sink, std::int64_t now_ms) {
    const std::uint64_t number = row.number();
    const std::string place = std::to_string(number);
    headers_.clear();
    (void)unpack(row.headers(), headers_);
    sluice_stored message = stored();
    message.place = bytes(place);
    message.id = row.id();
    message.key = row.key();
    message.body = row.body();
    message.headers = headers_.data();
    message.header_count = static_cast<std::uint32_t>(headers_.size());
    message.attempt = row.attempt();
    message.enqueued_ms = row.enqueued_ms();
    message.due_ms = row.due_ms();
    if (row.is_dead()) {
        message.state = SLUICE_STORED_DEAD;
    } else if (row.due_ms() > now_ms) {
        message.state = SLUICE_STORED_DELAYED;
    } else {
        const std::lock_guard lock(queue_.delivery());
        message.state = queue_.in_flight().contains(number) ? SLUICE_STORED_IN_FLIGHT : SLUICE_STORED_READY;
    }
    return sink.message(message);
}

// Ends a statement.
Status QueueView::answer(sqlite3_stmt* statement, int code) {
    Status result;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        result = of_own_table(handle_.get(), "reading the queue \"" + queue_.name() + "\" in \"" + queue_.file().path() + "\"");
    sqlite3_reset(statement);
    return result;
}

}  // namespace sluice::sqlite
