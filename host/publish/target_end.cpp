// How messages end that a target has been given, and the target itself.
#include <utility>

#include "core/limits.hpp"
#include "publish/target.hpp"

namespace sluice {

void Target::end() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    take_news();
    finish_waiting(SLUICE_STOPPED, "the host stopped before this could be published");
    // [control], as nothing else calls the adapter any more. Waits for what the adapter has taken; its last answers come
    // meanwhile.
    if (const auto closed = queue_.close(); !closed) logger_.error("{}", closed.error().message);
    take_news();
    window_.close_all([&](std::uint64_t, const PublishItem& item) {
        finish(item, SLUICE_STOPPED, "the target was closed without an answer about this message");
    });
    finish_waiting(SLUICE_STOPPED, "the host stopped before this could be published");
    // Under the lock to the last: join() may return, and this be destroyed, as soon as it is released.
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ended_.notify_all();
}

void Target::finish(PublishItem item, sluice_status status, const std::string& text) {
    PublishBatch& batch = *item.batch;
    if (!held_.empty()) held_.ended(item);
    if (status == SLUICE_OK) {
        published_.add();
    } else {
        failed_.add();
        ++batch.failed;
        batch.results[item.index] = {status, text};
    }
    if (--batch.open == 0) batch.done(&batch);
}

void Target::finish_waiting(sluice_status status, const std::string& text) {
    held_.give_up(again_, waiting_);
    while (!waiting_.empty()) {
        const PublishItem item = waiting_.front();
        waiting_.pop_front();
        finish(item, status, text);
    }
    suspects_ = 0;
    for (const auto& [token, item] : std::exchange(again_, {})) finish(item, status, text);
}

void Target::give_up_full() {
    if (!std::exchange(has_given_up_full_, true))
        logger_.info(
            "is full, and nobody takes anything from it any more as the host stops: {} messages that wait for it go back",
            waiting() - window_.open());
    outage_.full_given_up();
    finish_waiting(SLUICE_STOPPED, queue_.name() + " is full, and the host stops");
}

void Target::fail_for_good(const std::string& text) {
    if (!failed_for_good_.empty()) return;
    failed_for_good_ = queue_.name() + " failed permanently: " + (text.empty() ? "the plugin gave no reason" : text);
    logger_.error("failed permanently: {}; what waits for it is not acked", text.empty() ? "the plugin gave no reason" : text);
    finish_waiting(SLUICE_FAILED, failed_for_good_);
    if (options_.on_failed) options_.on_failed(failed_for_good_);
}

}  // namespace sluice
