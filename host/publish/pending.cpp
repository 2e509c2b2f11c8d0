#include "publish/pending.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

void PendingPublishes::add(PublishBatch& batch) {
    if (batch.open == 0) return batch.done(&batch);
    for (std::uint32_t index = 0, count = batch.open; index < count; ++index) waiting_.push_back({&batch, index});
}

PendingPublishes::Attempt PendingPublishes::choose() {
    std::uint64_t most =
        std::min<std::uint64_t>({limits::publish_batch, limits::publish_in_flight - window_.open(), waiting_.size()});
    if (suspects_ != 0) most = std::min<std::uint64_t>(most, std::max(suspects_ / 2, 1u));
    std::uint64_t bytes = 0;
    chosen_.clear();
    for (std::size_t at = 0; at < most; ++at) {
        const sluice_outgoing& message = waiting_[at].batch->messages[waiting_[at].index];
        bytes += message.body.size;
        if (at != 0 && bytes > limits::publish_batch_bytes) break;
        chosen_.push_back(&message);
    }
    return {chosen_, std::exchange(next_token_, next_token_ + chosen_.size())};
}

void PendingPublishes::taken(const Attempt& attempt, Meaning means) {
    const auto count = static_cast<std::uint32_t>(attempt.messages.size());
    suspects_ -= std::min(suspects_, count);
    for (std::uint32_t at = 0; at < count; ++at) {
        const PublishItem item = waiting_.front();
        waiting_.pop_front();
        if (means == Meaning::stored)
            answer(item, SLUICE_OK);
        else
            window_.add(attempt.token + at, item);
    }
}

bool PendingPublishes::not_taken(const Attempt& attempt, Meaning means, sluice_status status, const std::string& text) {
    const auto count = static_cast<std::uint32_t>(attempt.messages.size());
    if (means == Meaning::passing) {
        retried_.add(count);
        return true;
    }
    if (count > 1) {  // at least one of them is at fault: halve until it stands alone
        suspects_ = count;
        return false;
    }
    suspects_ = 0;
    PublishItem& item = waiting_.front();
    if (means == Meaning::breach && ++item.breaches < limits::publish_breaches) {
        retried_.add();
        return true;
    }
    const PublishItem culprit = item;
    waiting_.pop_front();
    answer(culprit, means == Meaning::breach ? SLUICE_CONTRACT : status, text);
    return false;
}

PendingPublishes::Effect PendingPublishes::take(const Answer& given, Meaning means) {
    const bool is_of_all = means == Meaning::for_good || given.status == SLUICE_FULL;
    bool is_of_the_target = is_of_all;
    const std::uint64_t closed = window_.close(given.token, given.count, [&](std::uint64_t token, PublishItem item) {
        switch (means) {
            case Meaning::stored: return answer(item, SLUICE_OK);
            case Meaning::refused: return answer(item, given.status, given.text);
            case Meaning::queued:
            case Meaning::breach:
                if (++item.breaches == limits::publish_breaches) return answer(item, SLUICE_CONTRACT, given.text);
                break;
            case Meaning::passing:
            case Meaning::for_good: break;
        }
        if (means != Meaning::for_good) retried_.add();
        if (is_of_all) parked_.give_up(again_, waiting_);
        if (is_of_all || !again_.empty())
            again_.emplace(token, item);
        else
            is_of_the_target |= parked_.fail(token, item, next_token_, given.status, given.text);
    });
    if (closed == 0) return Effect::none;
    const bool ended = means == Meaning::stored || means == Meaning::refused;
    return !ended && (is_of_the_target || !again_.empty()) ? Effect::trouble : Effect::single;
}

void PendingPublishes::target_responds(bool again) {
    if (again && !parked_.empty()) parked_.try_at_once();
    parked_.stored();
}

void PendingPublishes::put_back_due() {
    if (window_.open() == 0 && !again_.empty()) {
        for (auto item = again_.rbegin(); item != again_.rend(); ++item) waiting_.push_front(item->second);
        again_.clear();
        suspects_ = 0;
    }
    if (parked_.empty()) return;
    parked_.put_back_due(window_.first_open(), waiting_);
    if (!parked_.any_waits()) return;
    std::vector<PublishItem> free;
    while (!waiting_.empty() && free.size() < limits::publish_batch) {
        if (!parked_.keep_behind(waiting_.front())) free.push_back(waiting_.front());
        waiting_.pop_front();
    }
    waiting_.insert(waiting_.begin(), free.begin(), free.end());
}

void PendingPublishes::answer_waiting(sluice_status status, const std::string& text) {
    parked_.give_up(again_, waiting_);
    while (!waiting_.empty()) {
        const PublishItem item = waiting_.front();
        waiting_.pop_front();
        answer(item, status, text);
    }
    suspects_ = 0;
    for (const auto& [token, item] : std::exchange(again_, {})) answer(item, status, text);
}

void PendingPublishes::answer_taken(sluice_status status, const std::string& text) {
    window_.close_all([&](std::uint64_t, const PublishItem& item) { answer(item, status, text); });
}

void PendingPublishes::answer(PublishItem item, sluice_status status, const std::string& text) {
    PublishBatch& batch = *item.batch;
    if (!parked_.empty()) parked_.ended(item);
    if (status == SLUICE_OK) {
        published_.add();
    } else {
        failed_.add();
        ++batch.failed;
        batch.results[item.index] = {status, text};
    }
    if (--batch.open == 0) batch.done(&batch);
}

}  // namespace sluice
