#include "queue/publish_job.hpp"

#include "clock.hpp"
#include "queue/headers.hpp"
#include "queue/target.hpp"

namespace sluice::sqlite {
namespace {

std::span<const sluice_header> headers_of(const sluice_outgoing& message) {
    return {message.headers, message.header_count};
}

}  // namespace

std::int64_t stored_size(const sluice_outgoing& message) {
    return static_cast<std::int64_t>(message.body.size + message.key.size + message.id.size + packed_size(headers_of(message)));
}

void PublishJob::add(const sluice_outgoing& message, std::int64_t now_ms) {
    Item item;
    item.row.enqueued_ms = now_ms;
    item.row.due_ms = message.delay_ms > 0 ? due_after(now_ms, message.delay_ms) : 0;
    item.row.key = arena_.copy(message.key);
    item.row.id = arena_.copy(message.id);
    item.row.body = arena_.copy(message.body);
    if (const std::size_t size = packed_size(headers_of(message)); size != 0) {
        char* const room = arena_.take(size);
        pack(headers_of(message), room);
        item.row.headers = {room, size};
    }
    if (SLUICE_HAS(&message, replaces)) item.replaces = number_of_place(sluice::view(message.replaces));
    items_.push_back(item);
    messages = items_.size();
    bytes += static_cast<std::int64_t>(item.row.bytes());
}

void PublishJob::clear() {
    items_.clear();
    arena_.reset();
    messages = 0;
    bytes = 0;
}

bool PublishJob::is_fenced() {
    return target_.is_fenced(*this);
}

Status PublishJob::apply(WriteConnection&) {
    for (const Item& item : items_) {
        bool was_removed = false;
        if (item.replaces != 0)
            if (Status removed = queue_.remove(item.replaces, was_removed); !removed.ok()) return removed;
        if (Status stored = queue_.store(item.row, deduplicate_); !stored.ok()) return stored;
    }
    return SLUICE_OK;
}

void PublishJob::end(const Status& outcome) {
    target_.back(*this, outcome);
}

}  // namespace sluice::sqlite
