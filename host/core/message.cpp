#include "core/message.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>

#include "core/few_bytes.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#endif

namespace sluice {
namespace {

constexpr std::size_t line = 64;
// The record of a message of which its source says no more than its id, headers and time. The last line of the Message is that
// of its body then, so there are no such members, as there are none in a message of an older host.
constexpr std::size_t plain_record_bytes = offsetof(Message, view.message_key);
constexpr std::size_t plain_view_bytes = offsetof(sluice_message, message_key);
static_assert(plain_record_bytes % line == 0 && sizeof(Message) % line == 0);
static_assert(plain_record_bytes + SLUICE_BODY_PADDING >= sizeof(Message), "a block has room for a whole Message in any case");
constexpr std::size_t slab_bytes = 64u << 10;
constexpr std::size_t too_large = SIZE_MAX;  // no optional: returned in memory, it would be read wider than it was just written
constexpr std::size_t tail_slack = 128;      // behind a reserved body: room for an ordinary id and a header or two

constexpr std::size_t round_up(std::size_t size, std::size_t to) {
    return (size + to - 1) / to * to;
}

// Blocks are multiples of a line up to 1 KiB, then four steps a doubling: at most a fifth of a block is unused.
constexpr std::size_t classes_by_line = 16;

[[gnu::always_inline]] inline std::uint8_t class_of(std::size_t size) {  // up to limits::pooled_bytes_max
    if (size <= classes_by_line * line) return static_cast<std::uint8_t>((size + line - 1) / line - 1);
    const unsigned doubling = 63u - static_cast<unsigned>(__builtin_clzll(size - 1));  // 1024 < size <= 2048: 10
    const std::size_t step = std::size_t{1} << (doubling - 2);
    const std::size_t quarter = (size - (std::size_t{1} << doubling) + step - 1) / step;  // 1 .. 4
    return static_cast<std::uint8_t>(classes_by_line - 1 + (doubling - 10) * 4 + quarter);
}

constexpr std::size_t size_of(std::size_t size_class) {
    if (size_class < classes_by_line) return (size_class + 1) * line;
    const std::size_t doubling = 10 + (size_class - classes_by_line) / 4;
    const std::size_t quarter = (size_class - classes_by_line) % 4 + 1;
    return (std::size_t{1} << doubling) + quarter * (std::size_t{1} << (doubling - 2));
}

constexpr std::size_t blocks_of(std::size_t size) {  // in a slab
    return std::max<std::size_t>(slab_bytes / size, 1);
}

bool says_more(const sluice_incoming& incoming) {
    return (incoming.message_key.size | incoming.subject.size | incoming.flags | incoming.deliveries) != 0;
}

// `from` by value: what is written might lie where a reference leads.
[[gnu::always_inline]] inline char* copy(char* to, sluice_bytes from, sluice_bytes& view) {
    copy_few(to, from.data, from.size);
    view = {to, from.size};
    return to + from.size;
}

// The block that comes next will be written from end to end, and has been away for as long as a message takes to settle.
// Inline: a call of it the compiler would leave out, as one that changes nothing.
[[gnu::always_inline]] inline void fetch_ahead(const void* block, std::size_t size) {
    constexpr std::size_t lines_most = 16, lines_at_once = 4;
    if (block == nullptr) return;
    const char* const begin = static_cast<const char*>(block);
    const std::size_t end = std::min(size, lines_most * line);
    std::size_t at = 0;
    // Some at once: link-time optimisation forgets `#pragma GCC unroll`.
    for (; at + lines_at_once * line <= end; at += lines_at_once * line)
        for (std::size_t i = 0; i < lines_at_once; ++i) __builtin_prefetch(begin + at + i * line, 1);
    for (; at < end; at += line) __builtin_prefetch(begin + at, 1);
}

Message& own_more(Message* message) {
    if (!message->owns_more) {
        message->owns_more = true;
        message->tail = message->own_key = nullptr;
    }
    return *message;
}

bool is_debugged() {
    const char* wanted = std::getenv("SLUICE_DEBUG_MESSAGES");
    return wanted != nullptr && std::strcmp(wanted, "1") == 0;
}
constexpr int spoilt = 0xdb;  // no text, no pointer, no small number

void* lines(std::size_t size) {
    void* memory = std::aligned_alloc(line, round_up(size, line));
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

sluice_identity delivery_of(const Message& message) {
    sluice_identity identity{};
    identity.struct_size = sizeof identity;
    identity.stream_size = message.stream_size;
    identity.source = message.view.source;
    identity.id = message.view.id;
    identity.position = message.position;
    identity.position_end = message.position_end;
    return identity;
}

sluice_identity identity_of(const Message& message) {
    sluice_identity identity = delivery_of(message);
    if (message.replayed && !replayed(message).has_ended)
        identity.stream_size = 0, identity.position = identity.position_end = 0;
    return identity;
}

MessageStore::MessageStore(std::string source_identity) : debug_(is_debugged()), source_(std::move(source_identity)) {}

MessageStore::~MessageStore() {
    for (std::uint8_t size_class = 0; size_class < classes; ++size_class)
        for (Free* block = free_[size_class]; block != nullptr; block = block->next)
            ASAN_UNPOISON_MEMORY_REGION(block, size_of(size_class));
    for (const Slab& slab : slabs_) std::free(slab.blocks);
}

void MessageStore::refill(std::uint8_t size_class) {
    static_assert(size_of(classes - 1) == limits::pooled_bytes_max);
    const std::size_t size = size_of(size_class);
    const std::size_t count = blocks_of(size);
    char* slab = static_cast<char*>(lines(size * count));
    slabs_.push_back({slab, size_class});
    for (std::size_t i = count; i-- > 0;) free_[size_class] = new (slab + i * size) Free{free_[size_class]};
}

void* MessageStore::allocate_large(std::size_t size) {
    char* block = static_cast<char*>(lines(sizeof(Large) + size));
    auto* large = new (block) Large{large_, nullptr};
    if (large_ != nullptr) large_->behind = large;
    large_ = large;
    return block + sizeof(Large);
}

void MessageStore::free_large(void* message) {
    char* block = static_cast<char*>(message) - sizeof(Large);
    const Large* large = reinterpret_cast<Large*>(block);
    if (large->before != nullptr) large->before->behind = large->behind;
    (large->behind != nullptr ? large->behind->before : large_) = large->before;
    std::free(block);
}

// A block does not say whether it is in use, which would cost each message something: the free ones are known by their lists.
void MessageStore::each_live(const std::function<void(const Message&)>& look) const {
    std::vector<const void*> unused;
    for (const Free* first : free_)
        for (const Free* block = first; block != nullptr; block = block->next) unused.push_back(block);
    std::ranges::sort(unused, std::less<>());
    for (const Slab& slab : slabs_) {
        const std::size_t size = size_of(slab.size_class), count = blocks_of(size);
        auto skip = std::ranges::lower_bound(unused, static_cast<const void*>(slab.blocks), std::less<>());
        for (std::size_t i = 0; i < count; ++i) {
            const void* block = slab.blocks + i * size;
            if (skip != unused.end() && *skip == block)
                ++skip;
            else
                look(*static_cast<const Message*>(block));
        }
    }
    for (const Large* large = large_; large != nullptr; large = large->before)
        look(*reinterpret_cast<const Message*>(large + 1));
}

// `view` is left as it is: fill() writes all of it but the body.
[[gnu::always_inline]] inline Message* MessageStore::allocate(std::size_t size) {
    std::uint8_t size_class = direct;
    void* memory = nullptr;
    if (size > limits::pooled_bytes_max) {
        memory = allocate_large(size);
        large_freed_ -= std::min<std::uint64_t>(large_freed_, size);
    } else {
        size_class = class_of(size);
        Free*& first = free_[size_class];
        if (first == nullptr) refill(size_class);
        memory = first;
        first = first->next;
        size = size_of(size_class);
        ASAN_UNPOISON_MEMORY_REGION(memory, size);
        fetch_ahead(first, size);
    }
    auto* message = new (memory) Message;  // not `Message()`, which would clear all of it first
    message->size_class = size_class;
    message->charge = static_cast<std::uint32_t>(size);
    ++live_;
    bytes_ += size;
    return message;
}

// What id, headers, message_key and subject need; `too_large` if they, or the body, are larger than a message may have.
[[gnu::always_inline]] inline std::size_t MessageStore::tail_bytes(const sluice_incoming& incoming, bool more) {
    if (incoming.body.size > limits::message_bytes_max || incoming.header_count > limits::headers_max ||
        incoming.id.size > limits::id_bytes_max || incoming.stream_size > incoming.id.size)
        return too_large;
    std::uint64_t room = limits::headers_bytes_max;
    for (std::uint32_t i = 0; i < incoming.header_count; ++i) {
        const sluice_header& header = incoming.headers[i];
        if (header.name.size > room || header.value.size > room - header.name.size) return too_large;
        room -= header.name.size + header.value.size;
    }
    if (more) {
        if (incoming.message_key.size > room || incoming.subject.size > room - incoming.message_key.size) return too_large;
        room -= incoming.message_key.size + incoming.subject.size;
    }
    return incoming.id.size + incoming.header_count * sizeof(sluice_header) + (limits::headers_bytes_max - room);
}

// Compiled once for each of the two: a message of which its source says no more pays nothing for what others have.
Message* MessageStore::create(const sluice_incoming& incoming) {
    return says_more(incoming) ? create(incoming, true) : create(incoming, false);
}

[[gnu::always_inline]] inline Message* MessageStore::create(const sluice_incoming& incoming, bool more) {
    const std::size_t tail_size = tail_bytes(incoming, more);
    if (tail_size == too_large) return nullptr;
    const std::size_t record_bytes = more ? sizeof(Message) : plain_record_bytes;
    const std::size_t body_end = record_bytes + incoming.body.size + SLUICE_BODY_PADDING;
    const std::size_t tail_at = round_up(body_end, alignof(sluice_header));
    Message* message = allocate(tail_at + tail_size);
    char* base = reinterpret_cast<char*>(message);
    message->view.body = {base + record_bytes, incoming.body.size};
    std::memset(base + record_bytes + incoming.body.size, 0, SLUICE_BODY_PADDING);
    fill(message, incoming, more, base + tail_at);
    // Last: nothing but the message has to be kept across the call.
    if (incoming.body.size != 0) std::memcpy(base + record_bytes, incoming.body.data, incoming.body.size);
    return message;
}

Message* MessageStore::reserve(std::uint64_t body_size) {
    if (body_size > limits::message_bytes_max) return nullptr;
    // What else there will be is not known yet, and the body cannot be moved then.
    Message* message = allocate(sizeof(Message) + body_size + SLUICE_BODY_PADDING + tail_slack);
    message->view.body = {reinterpret_cast<char*>(message) + sizeof(Message), body_size};
    message->body_capacity = static_cast<std::uint32_t>(body_size);
    if (debug_) {  // it may be destroyed without ever having been filled
        message->view.struct_size = plain_view_bytes;
        message->view.id = message->view.key = {};
        message->view.header_count = 0;
    }
    return message;
}

bool MessageStore::commit(Message* message, const sluice_incoming& incoming) {
    const bool more = says_more(incoming);
    const std::size_t size = tail_bytes(incoming, more);
    if (size == too_large) return false;
    char* body = reinterpret_cast<char*>(message) + sizeof(Message);
    message->view.body = {body, incoming.body.size};
    std::memset(body + incoming.body.size, 0, SLUICE_BODY_PADDING);
    const std::size_t tail_at = round_up(sizeof(Message) + incoming.body.size + SLUICE_BODY_PADDING, alignof(sluice_header));
    const std::size_t block = message->charge;
    char* tail = reinterpret_cast<char*>(message) + tail_at;
    if (tail_at + size > block) {
        tail = static_cast<char*>(std::malloc(size));
        if (tail == nullptr) throw std::bad_alloc();
        own_more(message).tail = tail;
        message->charge += static_cast<std::uint32_t>(size);
        bytes_ += size;
    }
    fill(message, incoming, more, tail);
    return true;
}

// All but the body; headers, id and the other texts go to `tail`.
[[gnu::always_inline]] inline void MessageStore::fill(Message* message, const sluice_incoming& incoming, bool more,
                                                      char* tail) {
    auto* headers = reinterpret_cast<sluice_header*>(tail);
    const std::uint32_t header_count = incoming.header_count;
    char* text = tail + header_count * sizeof(sluice_header);
    const sluice_header* from = incoming.headers;
    for (sluice_header *to = headers, *end = headers + header_count; to != end; ++to, ++from) {
        text = copy(text, from->name, to->name);
        text = copy(text, from->value, to->value);
    }
    text = copy(text, incoming.id, message->view.id);
    sluice_message& view = message->view;
    view.struct_size = plain_view_bytes;
    if (more) {
        view.struct_size = sizeof(sluice_message);
        text = copy(text, incoming.message_key, view.message_key);
        copy(text, incoming.subject, view.subject);
        view.flags = incoming.flags;
        view.deliveries = incoming.deliveries;
    }
    view.attempt = incoming.attempt == 0 ? 1 : incoming.attempt;
    view.key = {};
    view.worker = 0;
    view.source = {source_.data(), source_.size()};
    view.headers = headers;
    view.header_count = header_count;
    view.enqueued_ms = incoming.enqueued_ms;
    message->tag = incoming.tag;
    message->stream_size = static_cast<std::uint16_t>(incoming.stream_size);
    message->position = incoming.position;
    message->position_end = incoming.position_end;
}

void MessageStore::own_key(Message* message, std::string_view key) {
    char* memory = static_cast<char*>(std::malloc(key.size()));
    if (memory == nullptr) throw std::bad_alloc();
    std::memcpy(memory, key.data(), key.size());
    std::free(own_more(message).own_key);  // routed before
    message->own_key = memory;
    message->view.key = {memory, key.size()};
}

void MessageStore::trim() {
    ::malloc_trim(0);
    large_freed_ = 0;
}

void MessageStore::destroy(Message* message) {
    const std::uint8_t size_class = message->size_class;
    --live_;
    bytes_ -= message->charge;
    if (debug_ || message->owns_more || message->failure || size_class == direct) [[unlikely]]
        return destroy_all_of(message);
    put_back(message, size_class);  // a destructor would find nothing to do
}

// Out of line: most messages have nothing but their block.
[[gnu::noinline]] void MessageStore::destroy_all_of(Message* message) {
    const std::uint8_t size_class = message->size_class;
    if (debug_) spoil_views(*message);
    if (message->owns_more) {
        std::free(message->tail);
        std::free(message->own_key);
    }
    if (size_class == direct) large_freed_ += message->charge;
    message->~Message();
    if (size_class == direct) return free_large(message);
    if (debug_) std::memset(static_cast<void*>(message), spoilt, size_of(size_class));
    put_back(message, size_class);
}

inline void MessageStore::put_back(void* block, std::uint8_t size_class) {
    free_[size_class] = new (block) Free{free_[size_class]};
    ASAN_POISON_MEMORY_REGION(free_[size_class] + 1, size_of(size_class) - sizeof(Free));
}

// All that a plugin may have kept a view of, wherever it lies. The source's name is not the message's.
void MessageStore::spoil_views(const Message& message) {
    const sluice_message& view = message.view;
    const auto spoil = [](const sluice_bytes& bytes) {
        if (bytes.size != 0) std::memset(const_cast<char*>(bytes.data), spoilt, bytes.size);
    };
    for (std::uint32_t i = 0; i < view.header_count; ++i) {
        spoil(view.headers[i].name);
        spoil(view.headers[i].value);
    }
    spoil(view.id);
    spoil(view.key);
    if (SLUICE_HAS(&view, subject)) {
        spoil(view.message_key);
        spoil(view.subject);
    }
    spoil(view.body);
}

}  // namespace sluice
