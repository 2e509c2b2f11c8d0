#include "plugin/rehearsal_queue.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t given_back_at_once = 1024;

class RehearsedSource {
public:
    RehearsedSource(QueueInstance source, std::uint64_t messages_max)
        : source_(std::move(source)), messages_max_(messages_max) {
        if (table().capabilities != nullptr) capabilities_ = table().capabilities(source_.self());
        table_.struct_size = sizeof table_;
        table_.destroy = [](void* self) { delete &of(self); };
        // An attempt of a rehearsal does not count.
        table_.capabilities = [](void* self) { return of(self).capabilities_ & ~SLUICE_QUEUE_KEEPS_ATTEMPTS; };
        table_.open_source = [](void* self, const sluice_queue_sink* sink, sluice_fault* fault) {
            return of(self).open(*sink, fault);
        };
        table_.poll = [](void* self, std::uint32_t max, std::uint32_t wait_ms, sluice_fault* fault) {
            RehearsedSource& its = of(self);
            return its.held_.size() >= its.messages_max_ ? SLUICE_END
                                                         : its.table().poll(its.source_.self(), max, wait_ms, fault);
        };
        table_.settle = [](void* self, const sluice_settlement* items, std::uint64_t count, sluice_fault* fault) {
            return of(self).settle(items, count, fault);
        };
        if (table().wake != nullptr) table_.wake = [](void* self) { of(self).table().wake(of(self).source_.self()); };
        if (table().interrupt != nullptr)
            table_.interrupt = [](void* self) { of(self).table().interrupt(of(self).source_.self()); };
        table_.close = [](void* self) { of(self).close(); };
    }
    const sluice_queue& own_table() const { return table_; }

private:
    static RehearsedSource& of(void* self) { return *static_cast<RehearsedSource*>(self); }
    const sluice_queue& table() const { return source_.table(); }

    bool takes_back() const { return (capabilities_ & SLUICE_QUEUE_TAKES_BACK) != 0; }

    sluice_status open(const sluice_queue_sink& sink, sluice_fault* fault) {
        sink_ = sink;
        // What the source says of the settlements that it got, the host does not wait for.
        sink_.settled = [](void*, const std::uint64_t*, std::uint64_t, sluice_status) noexcept {};
        sink_.confirmed_below = [](void*, sluice_bytes, std::uint64_t) noexcept {};
        return table().open_source(source_.self(), &sink_, fault);
    }

    sluice_status settle(const sluice_settlement* items, std::uint64_t count, sluice_fault* fault) {
        back_.clear();
        for (std::uint64_t i = 0; i < count; ++i) {
            if (items[i].action == SLUICE_NACK) back_.push_back({items[i].tag, SLUICE_NACK, 0, items[i].delay_ms});
            if (items[i].action != SLUICE_NACK && items[i].action != SLUICE_ATTEMPTED) held_.push_back(items[i].tag);
        }
        if (back_.empty() || !takes_back()) return SLUICE_OK;
        const sluice_status taken = table().settle(source_.self(), back_.data(), back_.size(), fault);
        return taken == SLUICE_QUEUED ? SLUICE_OK : taken;
    }

    // The last settle, with what it had: as the source was. What does not arrive, the source delivers again by itself.
    void close() {
        FaultBuffer fault;
        for (std::size_t at = 0; takes_back() && at < held_.size(); at += given_back_at_once) {
            back_.clear();
            for (std::size_t i = at; i < std::min(at + given_back_at_once, held_.size()); ++i)
                back_.push_back({held_[i], SLUICE_NACK, 0, 0});
            if (table().settle(source_.self(), back_.data(), back_.size(), fault.get()) > SLUICE_QUEUED) break;
        }
        if (takes_back() && table().flush != nullptr) (void)table().flush(source_.self(), fault.get());
        if (table().close != nullptr) table().close(source_.self());
    }

    sluice_queue table_{};
    QueueInstance source_;
    const std::uint64_t messages_max_;
    std::uint32_t capabilities_ = 0;
    sluice_queue_sink sink_{};
    std::vector<std::uint64_t> held_;      // tags of what the host has settled
    std::vector<sluice_settlement> back_;  // of one call
};

class RehearsedTarget {
public:
    explicit RehearsedTarget(QueueInstance target) : target_(std::move(target)) {
        table_.struct_size = sizeof table_;
        table_.destroy = [](void* self) { delete static_cast<RehearsedTarget*>(self); };
        table_.open_target = [](void*, const sluice_target_sink*, sluice_fault*) -> sluice_status { return SLUICE_OK; };
        table_.publish = [](void*, const sluice_outgoing* const*, std::uint64_t, std::uint64_t,
                            sluice_fault*) -> sluice_status { return SLUICE_OK; };
        table_.close = [](void*) {};
    }
    const sluice_queue& own_table() const { return table_; }

private:
    sluice_queue table_{};
    QueueInstance target_;
};

template <typename Rehearsed>
QueueInstance instance_of(std::unique_ptr<Rehearsed> rehearsed, std::string name) {
    const sluice_queue& table = rehearsed->own_table();
    return QueueInstance::adopt(table, rehearsed.release(), std::move(name));  // its destroy deletes it
}

}  // namespace

QueueInstance rehearse_source(QueueInstance source, std::uint64_t messages_max) {
    std::string name = source.name();
    return instance_of(std::make_unique<RehearsedSource>(std::move(source), messages_max), std::move(name));
}

QueueInstance rehearse_target(QueueInstance target) {
    std::string name = target.name();
    return instance_of(std::make_unique<RehearsedTarget>(std::move(target)), std::move(name));
}

}  // namespace sluice
