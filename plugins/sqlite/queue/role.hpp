// What the two roles of a queue have in common: the options, the open queue, the look into it.
//
// Threads     enter, leave, probe: control. interrupt: any. The rest: any, between the two.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "look.hpp"
#include "queue/view.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::sqlite {

struct QueueSettings {
    std::string path;
    std::string queue = "default";
    std::chrono::milliseconds busy_timeout{5'000};
    // of a source
    bool until_empty = false;
    // of a target; 0 = none
    std::int64_t max_messages = 0;
    std::int64_t max_bytes = 0;
    bool deduplicate = false;
    std::chrono::milliseconds keep{24 * 3'600'000};
    Log log = {};
};

class QueueRole : public virtual QueueAdapter {
public:
    explicit QueueRole(QueueSettings settings) : settings_(std::move(settings)) {
        if (settings_.queue.empty())
            throw Failure(SLUICE_INVALID, "`queue` must name a queue of the file, which \"\" does not");
    }

    std::string_view resource_id() const noexcept override {
        return file_ ? std::string_view(file_->resource_id()) : std::string_view();
    }
    std::string_view name_in_unit() const noexcept override {
        return queue_ ? std::string_view(queue_->name_in_unit()) : std::string_view();
    }
    Status depths(sluice_queue_depths& depths) override { return view_->depths(depths); }
    Status list(std::string_view after, StoredSink sink) override { return view_->list(after, sink); }
    Status get(std::string_view place, StoredSink sink) override { return view_->get(place, sink); }
    Status remove(std::span<const sluice_bytes> places, std::uint64_t& removed) override {
        return view_->remove(places, removed);
    }
    void interrupt() noexcept override { interruption_.interrupt(); }
    Status probe(Probe probe) override {
        probe_queue(settings_, probe);
        return SLUICE_OK;
    }

protected:
    // Throws Failure.
    void enter() {
        interruption_.begin();
        file_ = File::share(settings_.path,
                            {.busy_timeout = settings_.busy_timeout, .gives_back_space = true, .log = settings_.log},
                            interruption_);
        try {
            queue_ = &file_->queue(settings_.queue);
            view_ = std::make_unique<QueueView>(*queue_);
        } catch (...) {
            leave();
            throw;
        }
    }
    void leave() {
        interruption_.on_interrupt({});
        view_.reset();
        queue_ = nullptr;
        file_.reset();
    }

    const QueueSettings settings_;
    Interruption interruption_;
    FileUse file_;
    Queue* queue_ = nullptr;
    std::unique_ptr<QueueView> view_;
};

}  // namespace sluice::sqlite
