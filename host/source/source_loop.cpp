#include "source/source_loop.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t poll_retry_first_ns = 100 * ms;
constexpr std::int64_t poll_retry_max_ns = 5'000 * ms;
constexpr std::uint32_t poll_wait_ms = 1'000;            // an adapter that can be woken
constexpr std::uint32_t poll_wait_without_wake_ms = 10;  // one that cannot
constexpr std::int64_t confirm_after_ns = 100 * ms;      // settlements a source confirms late are asked for after this rest

}  // namespace

SourceLoop::SourceLoop(std::string name, std::string identity, QueueInstance queue, Clock& clock, Logger logger,
                       std::function<void()> changed)
    : name_(std::move(name)),
      identity_(identity),
      clock_(clock),
      logger_(logger),
      changed_(std::move(changed)),
      queue_(std::move(queue)),
      bell_([this] {
          if (queue_.table().wake != nullptr) fenced([&] { queue_.table().wake(queue_.self()); }, [](std::string_view) {});
      }),
      confirmed_(identity),
      replay_(identity),
      store_(std::move(identity)),
      settlement_(queue_, store_, clock, logger),
      intake_(store_, settlement_, confirmed_) {}

SourceLoop::~SourceLoop() {
    if (thread_.joinable()) thread_.detach();  // only after a join() that failed: the process ends now
}

void SourceLoop::connect(SourceRouter router, std::vector<Dispatcher::PoolLane> pools, Target& dead_letters,
                         std::uint64_t in_flight_max) {
    in_flight_max_ = in_flight_max;
    dead_letters_ = std::make_unique<DeadLetters>(dead_letters, clock_, bell_, logger_);
    dispatcher_ = std::make_unique<Dispatcher>(std::move(router), store_, std::move(pools));
}

std::uint32_t SourceLoop::capabilities() const {
    if (queue_.table().capabilities == nullptr) return 0;
    return fenced([&] { return queue_.table().capabilities(queue_.self()); }, [](std::string_view) { return 0u; });
}

std::pair<std::string_view, std::string_view> SourceLoop::acks_in_unit() const {
    const sluice_queue& table = queue_.table();
    if (table.resource_id == nullptr || table.settle_in_unit == nullptr) return {};
    const sluice_bytes resource = table.resource_id(queue_.self()), statement = table.settle_in_unit(queue_.self());
    return {{resource.data, resource.size}, {statement.data, statement.size}};
}

Result<void> SourceLoop::open() {
    return queue_.attempt([this](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.open_source(self, intake_.sink(), fault);
    });
}

void SourceLoop::close() {
    // A source that failed or gave up has left its pools' last outcomes unread, and what waited for room.
    const auto forget = [this](Message* message) { message->replayed ? replay_.forget(message) : store_.destroy(message); };
    MessageList left;
    if (dispatcher_) dispatcher_->release_all(left);
    take_outcomes(outcomes_, forget);
    if (dead_letters_) dead_letters_->take_stored(left);
    while (Message* message = left.pop_front()) forget(message);
    if (queue_.table().close != nullptr) fenced([&] { queue_.table().close(queue_.self()); }, [](std::string_view) {});
}

SourceCounts SourceLoop::counts() const {
    SourceCounts counts = settlement_.counts();
    if (state() != State::running) counts.in_flight = in_flight_.load(std::memory_order_acquire);  // as counted, not as a difference
    return counts;
}

SourceCounts SourceLoop::replay_counts() const {
    SourceCounts counts = replay_.counts();
    if (state() != State::running) counts.in_flight = replays_in_flight_.load(std::memory_order_acquire);
    return counts;
}

bool SourceLoop::replay(std::unique_ptr<ReplayItem>& item) {
    if (!replay_.post(item)) return false;
    bell_.ring();
    return true;
}

void SourceLoop::start() { thread_ = std::thread([this] { thread_main(); }); }

void SourceLoop::request_stop(StopMode mode) {
    stop_.store(mode, std::memory_order_seq_cst);
    bell_.ring();
}

void SourceLoop::give_up() {
    give_up_.store(true, std::memory_order_seq_cst);
    bell_.ring();
}

bool SourceLoop::join(std::int64_t deadline_ns) {
    std::unique_lock lock(gone_mutex_);
    const auto left = std::chrono::nanoseconds(std::max<std::int64_t>(deadline_ns - clock_.now(), 0));
    if (!gone_changed_.wait_for(lock, left, [this] { return gone_; })) return false;
    lock.unlock();
    thread_.join();
    return true;
}

void SourceLoop::thread_main() {
    pthread_setname_np(pthread_self(), ("src " + name_).substr(0, 15).c_str());
    const State end = loop();
    replay_.close("its source has ended");
    in_flight_.store(settlement_.in_flight(), std::memory_order_relaxed);  // published by the state
    replays_in_flight_.store(replay_.live(), std::memory_order_relaxed);
    if (end == State::abandoned || end == State::failed) {
        settlement_.abandon();
        replay_.abandon();
        in_flight_.store(0, std::memory_order_relaxed);
        replays_in_flight_.store(0, std::memory_order_relaxed);
    }
    state_.store(end, std::memory_order_release);
    changed_();
    std::lock_guard lock(gone_mutex_);
    gone_ = true;
    gone_changed_.notify_all();
}

// (1) back before (2) forward, (3) the end, (4) new messages or a rest.
SourceLoop::State SourceLoop::loop() {
    for (;;) {
        now_ns_ = clock_.now();
        const bool giving_up = give_up_.load(std::memory_order_acquire);  // before (1): what was given back before it was asked for counts
        take_back();  // (1)
        stopped_ = stop_.load(std::memory_order_relaxed) != StopMode::none;
        if (stopped_) dispatcher_->keep_waiting();
        MessageList ended;
        if (giving_up && (capabilities() & SLUICE_QUEUE_TAKES_BACK) != 0)
            dispatcher_->release_all(ended);
        else
            dispatcher_->push_waiting(now_ns_, ended);  // (2)
        store_or_settle(ended);
        replay_posted();
        if (questions_.any())
            for (const auto& question : questions_.take()) dispatcher_->answer(*question);
        settlement_.submit(now_ns_);

        const bool failed = failing_.load(std::memory_order_relaxed);
        if (failed && in_flight() == 0) return State::failed;
        if (giving_up) {
            if (auto flushed = settlement_.flush(); !flushed) logger_.error("{}", flushed.error().message);
            if (failed) return State::failed;
            return in_flight() == 0 ? State::finished : State::abandoned;
        }
        if ((ended_ || stopped_) && !failed && confirm_rest()) return State::finished;  // (3)

        if (!may_poll())  // (4)
            rest();
        else if (!came_empty_)
            poll(0);
        else
            poll(queue_.table().wake != nullptr ? poll_wait_ms : poll_wait_without_wake_ms);
    }
}

void SourceLoop::take_back() {
    take_outcomes(
        outcomes_, [this](const AttemptNote& attempt) { settlement_.note(attempt); },
        [this](Message* message) {
            dispatcher_->came_back(*message);
            store_or_settle(message);
        });
    if (!dead_letters_->has_news()) return;
    MessageList stored;
    dead_letters_->take_stored(stored);
    while (Message* message = stored.pop_front()) settle(message);
}

// As if polled.
void SourceLoop::replay_posted() {
    if (!replay_.has_posted() || stopped_ || failing_.load(std::memory_order_relaxed) || !dispatcher_->may_poll()) return;
    MessageList ended;
    dispatcher_->dispatch(replay_.take(limits::poll_batch, now_ns_), now_ns_, ended);
    store_or_settle(ended);
}

void SourceLoop::store_or_settle(Message* message) {
    if (message->outcome == Outcome::dead_letter) {
        dead_letter_rate_.add(now_ns_);
        dead_letters_->store(message, dispatcher_->pool_name(*message));
    } else {
        settle(message);
    }
}

void SourceLoop::settle(Message* message) {
    const bool suspected = (message->suspect || message->replayed) && poison_ != nullptr && poison_->any();
    if (suspected && message->outcome != Outcome::released) poison_->forget(*message);
    if (message->replayed) return replay_.settle(message);
    settlement_.take(message, now_ns_);
}

void SourceLoop::store_or_settle(MessageList& ended) {
    while (Message* message = ended.pop_front()) store_or_settle(message);
}

bool SourceLoop::may_poll() {
    return !ended_ && !stopped_ && !failing_.load(std::memory_order_relaxed) && dispatcher_->may_poll() && now_ns_ >= poll_again_ns_ &&
           !too_many_dead_letters() && store_.live() + limits::poll_batch <= in_flight_max_ && settlement_.in_flight() <= limits::unconfirmed_max;
}

bool SourceLoop::too_many_dead_letters() {
    const bool paused = dead_letter_rate_.exceeded(now_ns_);
    if (paused != std::exchange(paused_, paused)) {
        if (paused && (pause_said_ = pauses_.pass(now_ns_).has_value()))
            logger_.warn("more dead letters come in than dead_letters.max_rate allows: nothing is polled until there are fewer");
        else if (!paused && pause_said_)
            logger_.info("dead letters are within dead_letters.max_rate again: polling goes on");
    }
    return paused;
}

// Room: a worker that was asked says so by clearing its mark, which may_push() looks at.
bool SourceLoop::has_news() const {
    return (dispatcher_->waiting() != 0 && dispatcher_->may_push()) || !outcomes_.empty() || dead_letters_->has_news() || give_up_.load(std::memory_order_seq_cst) ||
           (!stopped_ && stop_.load(std::memory_order_seq_cst) != StopMode::none) ||
           questions_.any() || (replay_.has_posted() && !stopped_ && dispatcher_->may_poll());
}

void SourceLoop::poll(std::uint32_t wait_ms) {
    const bool lies_down = wait_ms != 0;
    if (lies_down) {
        if (settlement_.retry_at_ns() > now_ns_) wait_ms = std::min<std::uint32_t>(wait_ms, 50);
        bell_.lie_down_in_adapter();  // Doorbell (S1)
        if (has_news()) wait_ms = 0;  // (S2)
    }
    intake_.open(limits::poll_batch, now_ns_);
    FaultBuffer fault;
    const sluice_status status = fenced_status(
        fault, [&] { return queue_.table().poll(queue_.self(), limits::poll_batch, wait_ms, fault.get()); });
    if (lies_down) bell_.rise();
    MessageList polled = intake_.close();
    came_empty_ = polled.empty();
    if (!came_empty_) {
        if (wait_ms != 0) {  // received after the wait, not before
            now_ns_ = clock_.now();
            for (Message* message = polled.first(); message != nullptr; message = message->next) message->received_ns = now_ns_;
        }
        MessageList ended;
        dispatcher_->dispatch(polled, now_ns_, ended);
        store_or_settle(ended);
    }
    poll_answered(status, fault);
}

void SourceLoop::poll_answered(sluice_status status, const FaultBuffer& fault) {
    if (status == SLUICE_OK || status == SLUICE_END) {
        if (poll_failures_ != 0) {
            logger_.info("is back after {:.1f} s", static_cast<double>(clock_.now() - away_since_ns()) / 1e9);
            away_since_ns_.store(0, std::memory_order_relaxed);
        }
        poll_failures_ = 0;
        ended_ = status == SLUICE_END;
    } else if (status == SLUICE_FAILED || status == SLUICE_CORRUPT || status == SLUICE_INVALID || status == SLUICE_CONTRACT ||
               status == SLUICE_UNSUPPORTED) {
        fail(fault.error(status).message);
    } else {
        const std::int64_t wait = std::min(poll_retry_first_ns << std::min(poll_failures_, 10u), poll_retry_max_ns);
        poll_again_ns_ = clock_.now() + wait;
        if (poll_failures_++ == 0) {
            away_since_ns_.store(clock_.now(), std::memory_order_relaxed);
            logger_.warn("the source is away and is tried again: {}", fault.error(status).message);
        }
    }
}

// Until an outcome, a stored dead letter, room or a command comes; or a time that something is due.
void SourceLoop::rest() {
    bell_.lie_down();  // Doorbell (S1)
    if (!has_news()) {    // (S2)
        std::int64_t wait = 1'000 * ms;
        if (dispatcher_->due_ns() != 0) wait = std::min(wait, std::max<std::int64_t>(dispatcher_->due_ns() - now_ns_, 0));
        if (paused_) wait = std::min(wait, std::max<std::int64_t>(dead_letter_rate_.next_step_ns() - now_ns_, 0));
        if (settlement_.retry_at_ns() > now_ns_) wait = std::min(wait, settlement_.retry_at_ns() - now_ns_);
        if (poll_again_ns_ > now_ns_ && !ended_ && !stopped_) wait = std::min(wait, poll_again_ns_ - now_ns_);
        if (settlement_.unconfirmed()) wait = std::min(wait, confirm_after_ns);
        bell_.wait(std::chrono::nanoseconds(wait));
    }
    bell_.rise();
    // A source that confirms only when it is called would wait for us as we wait for it.
    if (settlement_.unconfirmed() && clock_.now() - now_ns_ >= confirm_after_ns)
        if (auto flushed = settlement_.flush(); !flushed) logger_.warn("{}", flushed.error().message);
}

// Nothing more comes in: true once everything is settled and the source has confirmed it.
bool SourceLoop::confirm_rest() {
    if (store_.live() != 0 || replay_.live() != 0 || dispatcher_->waiting() != 0) return false;
    if (auto flushed = settlement_.flush(); !flushed) {
        if (poll_failures_++ == 0) logger_.warn("the source does not confirm yet: {}", flushed.error().message);
        return false;
    }
    return settlement_.in_flight() == 0;
}

void SourceLoop::fail(std::string why) {
    error_ = std::move(why);
    failing_.store(true, std::memory_order_release);
    logger_.error("the source cannot go on: {}", error_);
    changed_();
}

}  // namespace sluice
