#include "queue/settle_job.hpp"

namespace sluice::sqlite {

Status SettleJob::apply(WriteConnection&) {
    for (const Acked& each : acked) queue_.settled(each.number, each.bytes);
    for (const GivenBack& each : given_back)
        if (Status done = queue_.table().put_back(static_cast<std::int64_t>(each.number), each.due_ms, each.attempt);
            !done.ok())
            return done;
    for (const Attempted& each : attempted)
        if (Status done = queue_.table().set_attempt(static_cast<std::int64_t>(each.number), each.attempt); !done.ok())
            return done;
    return SLUICE_OK;
}

void SettleJob::end(const Status& ended) {
    outcome = ended;
    owner_.back(*this);
}

void SettleJob::clear() {
    acked.clear();
    given_back.clear();
    attempted.clear();
    outcome = SLUICE_OK;
}

}  // namespace sluice::sqlite
