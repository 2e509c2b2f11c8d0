// A message inside the host, and the store that all messages of one source live in.
//
// A Message is one block of memory: the record, the body (64-aligned, 64 zero bytes behind it), then id, headers and what else
// its source says of it. It is created and destroyed by the source thread only, so the store needs no lock and no reference
// counts; in between exactly one place owns it: what was polled, a line of the dispatcher, a worker's queue, a worker (in a
// unit, taken, parked or deferred), the outcome inbox, the dead letters or what waits behind one, or settlement.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "sluice/message.h"
#include "sluice/queue.h"

namespace sluice {

// How a message left the worker. What the source is told follows from it.
enum class Outcome : std::uint8_t {
    none,
    acked,        // done, or seen before
    skipped,      // the handler's skip
    dead_letter,  // to be stored with `error`, then acked
    dropped,      // dropped by policy, counted
    released,     // back to the source unprocessed
    lost_lease,   // another host has it now: no effects here
};
inline constexpr std::size_t outcome_count = 7;

// Whether the source has taken a message away while the host has it. The later ones go further.
enum class Withdrawn : std::uint8_t {
    no,
    drained,  // if it has not begun, it goes back
    lost,     // another host has it: it is to have no effects
};

// Why a message failed. Kept apart because most messages never do.
struct Failure {
    std::string text;
    std::string owed;  // its effects are committed: what it has yet to publish (unit/publishes_codec.hpp); empty: it is not so
};

// The first cache line is all that changes hands twice: what the worker leaves behind and what the source thread needs to
// settle.
struct alignas(64) Message {
    // Belong to whoever owns the message at the time.
    Message* next = nullptr;  // in a list of one owner
    std::unique_ptr<Failure> failure;
    Outcome outcome = Outcome::none;
    bool handled : 1 = false;        // the handler has been called for it
    bool acked_in_unit : 1 = false;  // the source has acked it within the transaction of its effects
    bool suspect : 1 = false;        // the process ended while it was handled: it runs alone
    bool deferred : 1 = false;       // its ticket is out: it has not ended, and runs again only if its unit failed
    bool resuming : 1 = false;       // the handler's resume() is called for it
    bool replayed : 1 = false;       // it was a dead letter; settled with their store, not with the source
    bool recognised : 1 = false;     // the database that deduplicates has its record: acked without effects
    bool owns_more : 1 = false;      // the store's own: `tail` or `own_key` are there
    // The store's own.
    std::uint8_t size_class = 0;
    std::atomic<Withdrawn> withdrawn{Withdrawn::no};  // any thread may look; written by the source thread (Deliveries)
    // Constant after routing; written by the source thread.
    std::uint32_t charge = 0;  // bytes counted against queues and limits
    std::uint16_t slot = 0;
    std::uint16_t worker = 0;
    std::uint16_t pool = 0;
    std::uint16_t stream_size = 0;  // of the id
    std::uint64_t tag = 0;
    std::int64_t received_ns = 0;
    std::uint64_t key_hash = 0;       // 0 = no key: the message has no order to keep
    std::uint32_t body_capacity = 0;  // bytes a reserved body may have
    std::uint16_t outages = 0;        // in a row that its handler has reported for it; belongs to whoever owns it, too
    std::uint16_t lane = 0;           // that it came by; 0 = none

    // Constant after routing; written by the source thread.
    alignas(64) std::uint64_t position;
    std::uint64_t position_end;
    // The store's own. Written only with owns_more.
    void* tail;     // what is copied beside the body, where it did not fit behind a reserved one
    void* own_key;  // the key, where it is not a view of the body, the id or a header

    // What plugins see, written by the store; .attempt is the running attempt's number. From .message_key on it is the fourth
    // cache line, which most messages do not have (view.struct_size says so): their body begins there.
    sluice_message view;

    // (R) acquire: see Deliveries, (3).
    bool is_withdrawn() const { return withdrawn.load(std::memory_order_acquire) != Withdrawn::no; }
    bool is_lost() const { return withdrawn.load(std::memory_order_acquire) == Withdrawn::lost; }

    void fail(std::string text) { failure = std::make_unique<Failure>(Failure{std::move(text), {}}); }
    const char* error() const { return failure ? failure->text.c_str() : ""; }
    // After fail(): it has taken effect, and this is all that is left to do.
    void owe(std::string publishes) { failure->owed = std::move(publishes); }
};
static_assert(offsetof(Message, position) == 64 && offsetof(Message, view.message_key) == 192 && sizeof(Message) == 256);
static_assert(limits::id_bytes_max <= UINT16_MAX, "the stream is a part of the id");

// What a message has only if its source says it.
inline std::string_view message_key_of(const sluice_message& message) {
    return SLUICE_HAS(&message, message_key) ? view_of(message.message_key) : std::string_view();
}
inline std::string_view subject_of(const sluice_message& message) {
    return SLUICE_HAS(&message, subject) ? view_of(message.subject) : std::string_view();
}

// What a replayed message is beside itself. Its tag leads here; whoever replays it keeps this until it has ended.
struct Replayed {
    std::string place;       // of the dead letter in its store
    bool has_ended = false;  // before it became one: under its delivery, not under its id, it is recorded
    std::string owed{};      // as Failure::owed, when it became one
};
inline const Replayed& replayed(const Message& message) {
    return *reinterpret_cast<const Replayed*>(message.tag);
}
// What a message whose effects are committed still has to publish; empty: it is not such a message.
inline std::string_view owed_by(const Message& message) {
    if (message.failure && !message.failure->owed.empty()) return message.failure->owed;
    return message.replayed ? std::string_view(replayed(message).owed) : std::string_view();
}
// What is recorded of a message where effects are deduplicated: the same after a redelivery. For a replayed one it is its
// source and id without a position, since positions below what the source has confirmed count as recorded, also those of
// messages that died; except for one that had ended already when it died (RecordedBefore).
sluice_identity identity_of(const Message& message);
// What its source delivers a replayed message under, if that has positions: recorded as well, so that the message has no
// effects if a source that has not heard of its end delivers it again. Without a stream: there is none.
sluice_identity delivery_of(const Message& message);
inline constexpr std::string_view replays_source = "dead-letters";  // the source that replays are counted under

// FIFO through Message::next.
class MessageList {
public:
    bool empty() const { return first_ == nullptr; }
    std::uint32_t size() const { return size_; }
    Message* first() const { return first_; }
    Message* last() const { return last_; }

    void push_back(Message* message) {
        message->next = nullptr;
        (last_ ? last_->next : first_) = message;
        last_ = message;
        ++size_;
    }
    void push_front(Message* message) {
        message->next = first_;
        first_ = message;
        if (!last_) last_ = message;
        ++size_;
    }
    Message* pop_front() {
        Message* message = first_;
        if (!message) return nullptr;
        first_ = message->next;
        if (!first_) last_ = nullptr;
        --size_;
        return message;
    }
    // Takes all of `other`, behind what is here.
    void splice_back(MessageList& other) {
        if (other.empty()) return;
        (last_ ? last_->next : first_) = other.first_;
        last_ = other.last_;
        size_ += other.size_;
        other = MessageList();
    }
    void splice_front(MessageList& other) {
        other.splice_back(*this);
        std::swap(*this, other);
    }

private:
    Message* first_ = nullptr;
    Message* last_ = nullptr;
    std::uint32_t size_ = 0;
};

// Memory for the messages of one source.
//
// Threads      the source thread only.
// Debugging    with SLUICE_DEBUG_MESSAGES=1 the memory of a message that has ended is overwritten, so that a view that a
//              handler has kept shows it; under AddressSanitizer it may not even be read.
// Limits       per message: limits::message_bytes_max of body, headers_max headers, these with message_key and subject of
//              headers_bytes_max, id_bytes_max of id.
//              Blocks of up to limits::pooled_bytes_max are kept by size class, the most that were ever needed at once; larger
//              ones go back to the allocator at once, and from there to the system by give_back_memory().
class MessageStore {
public:
    explicit MessageStore(std::string source_identity);
    ~MessageStore();
    MessageStore(const MessageStore&) = delete;
    MessageStore& operator=(const MessageStore&) = delete;

    // A message with everything copied from `incoming`. Null: it is larger than a message may be.
    Message* create(const sluice_incoming& incoming);
    // A message whose body of up to `body_size` bytes is to be written at view.body.data; then commit() or destroy(). Null: too
    // large.
    Message* reserve(std::uint64_t body_size);
    // False: it would be larger than a message may be.
    bool commit(Message* message, const sluice_incoming& incoming);
    // Moves the key to memory of the message's own. For keys that are not a view of the body, the id or a header.
    void own_key(Message* message, std::string_view key);
    void destroy(Message* message);

    // Calls look(message) for each live message, in no order. Not for every day: it walks all blocks there ever were at once.
    void each_live(const std::function<void(const Message&)>& look) const;

    std::uint64_t live() const { return live_; }
    std::uint64_t bytes() const { return bytes_; }  // of live messages, as allocated
    // Of large messages that have gone the allocator may hold so much that the process is better off without it. May take
    // milliseconds: to be called where nothing else is to be done.
    void give_back_memory() {
        if (large_freed_ >= limits::freed_bytes_kept) trim();
    }

private:
    struct Free {
        Free* next;
    };
    // In front of a message that is not pooled: all of these lead to each other.
    struct alignas(64) Large {
        Large* before;
        Large* behind;
    };
    struct Slab {
        char* blocks;
        std::uint8_t size_class;
    };
    static constexpr std::uint8_t direct = 0xff;  // size class of a block that is not pooled
    static constexpr std::size_t classes = 32;

    Message* create(const sluice_incoming& incoming, bool more);
    Message* allocate(std::size_t size);
    void* allocate_large(std::size_t size);
    void free_large(void* message);
    void destroy_all_of(Message* message);
    void put_back(void* block, std::uint8_t size_class);
    static void spoil_views(const Message& message);
    void trim();
    void refill(std::uint8_t size_class);
    static std::size_t tail_bytes(const sluice_incoming& incoming, bool more);
    void fill(Message* message, const sluice_incoming& incoming, bool more, char* tail);

    const bool debug_;
    std::string source_;
    std::array<Free*, classes> free_{};
    std::vector<Slab> slabs_;
    Large* large_ = nullptr;  // the one that came last
    std::uint64_t live_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t large_freed_ = 0;  // more large blocks than were taken, since the last trim()
};

}  // namespace sluice
