#include "source/source_loop.hpp"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include "source/source_gates.hpp"

namespace sluice {

SourceLoop::SourceLoop(std::string name, std::string identity, std::unique_ptr<QueuePort> queue, Clock& clock, Logger logger,
                       std::function<void()> changed)
    : name_(std::move(name)),
      identity_(identity),
      clock_(clock),
      logger_(logger),
      changed_(std::move(changed)),
      queue_(std::move(queue)),
      event_count_([this] { queue_->wake(); }),
      confirmed_(identity),
      replay_(identity),
      store_(std::move(identity)),
      settlement_(*queue_, store_, clock, logger),
      intake_(store_, settlement_, confirmed_),
      poller_(*queue_, intake_, clock, logger),
      ended_(*queue_, settlement_, replay_, logger),
      confirmations_(settlement_, clock, logger),
      service_(*queue_, clock, logger) {}

void SourceLoop::connect(SourceRouter router, std::vector<PoolFeed::Options> pools, Target& dead_letters,
                         std::uint64_t in_flight_max) {
    in_flight_max_ = in_flight_max;
    ended_.connect(dead_letters, recorded_, clock_, event_count_);
    dispatcher_ = std::make_unique<Dispatcher>(std::move(router), store_, std::move(pools), &recorded_);
}

Result<void> SourceLoop::open() {
    if (auto opened = queue_->open_source(*intake_.sink()); !opened) return opened;
    const auto limits = queue_->limits();
    if (!limits) {
        (void)queue_->close();  // to be opened again, or not
        return limits.error();
    }
    source_in_flight_max_ = limits->in_flight_max;
    if (queue_->has_lanes() || queue_->can_extend()) {
        if (!withdrawals_) {
            withdrawals_.emplace(*queue_, clock_, logger_);
            intake_.note_deliveries(withdrawals_->deliveries());
            ended_.leave(withdrawals_->deliveries());
        }
        withdrawals_->deliveries().set_lease(queue_->can_extend() ? static_cast<std::int64_t>(limits->lease_ms) * ns_per_ms
                                                                  : 0);
    }
    return {};
}

void SourceLoop::close() {
    // A source that failed or gave up has left its pools' last outcomes unread, and what waited for room.
    const auto forget = [this](Message* message) { message->replayed ? replay_.forget(message) : store_.destroy(message); };
    MessageList left;
    if (dispatcher_) dispatcher_->take_left(left);
    pool_switch_.take_all(left);
    take_outcomes(outcomes_, forget);
    ended_.take_all(left);
    while (Message* message = left.pop_front()) forget(message);
    (void)queue_->close();  // all is settled or given up, whatever it says
}

SourceCounts SourceLoop::counts() const {
    SourceCounts counts = settlement_.counts();
    if (state() != State::running)
        counts.in_flight = in_flight_.load(std::memory_order_acquire);  // as counted, not as a difference
    return counts;
}

SourceStatistics SourceLoop::statistics(std::int64_t now_ns) const {
    SourceStatistics said;
    said.name = name_;
    said.counts = counts();
    said.latency = latency();
    if (const std::int64_t since = settlement_.ages().oldest_ns(); since != 0 && said.counts.in_flight != 0)
        said.oldest_ns = std::max<std::int64_t>(now_ns - since, 0);
    said.overflowed = overflowed();
    said.slots_moved = slots_moved();
    if (const NotPolled why = not_polled(); !why.reason.empty()) {
        said.not_polled_because = why.reason;
        said.not_polled_ns = std::max<std::int64_t>(now_ns - why.since_ns, 0);
    }
    return said;
}

SourceCounts SourceLoop::replay_counts() const {
    SourceCounts counts = replay_.counts();
    if (state() != State::running) counts.in_flight = replays_in_flight_.load(std::memory_order_acquire);
    return counts;
}

bool SourceLoop::replay(std::unique_ptr<ReplayItem>& item) {
    if (!replay_.post(item)) return false;
    event_count_.notify();
    return true;
}

void SourceLoop::start() {
    add_gates(gates_, {.now_ns = now_ns_,
                       .failing = failing_,
                       .stopped = stopped_,
                       .poller = poller_,
                       .pool_switch = pool_switch_,
                       .dead_letter_pause = ended_.pause(),
                       .memory = memory_ ? &*memory_ : nullptr,
                       .store = store_,
                       .replay = replay_,
                       .settlement = settlement_,
                       .dispatcher = dispatcher_,
                       .in_flight_max = in_flight_max_,
                       .source_in_flight_max = source_in_flight_max_});
    thread_.start("src:" + name_, [this] { thread_main(); });
}

void SourceLoop::request_stop() {
    Asked before = Asked::nothing;
    asked_.compare_exchange_strong(before, Asked::stop, std::memory_order_seq_cst);  // one to give up outlasts it
    event_count_.notify();
}

void SourceLoop::give_up() {
    asked_.store(Asked::give_up, std::memory_order_seq_cst);
    event_count_.notify();
}

void SourceLoop::thread_main() {
    service_.begin();
    const State last = loop();
    poller_.end();
    replay_.close("its source has ended");
    in_flight_.store(settlement_.in_flight(), std::memory_order_relaxed);  // published by the state
    replays_in_flight_.store(replay_.live(), std::memory_order_relaxed);
    if (memory_) memory_->publish(0);
    if (last == State::abandoned || last == State::failed) {
        settlement_.abandon();
        replay_.abandon();
        in_flight_.store(0, std::memory_order_relaxed);
        replays_in_flight_.store(0, std::memory_order_relaxed);
    }
    state_.store(last, std::memory_order_release);
    changed_();
}

// (1) back before (2) forward, (3) the end, (4) new messages or a rest.
SourceLoop::State SourceLoop::loop() {
    for (;;) {
        now_ns_ = clock_.now();
        if (service_.is_due(now_ns_)) service();
        if (withdrawals_) look_after_deliveries();
        // Before (1): what was given back before it was asked for counts.
        const bool giving_up = asked_.load(std::memory_order_acquire) == Asked::give_up;
        take_back();                                                          // (1)
        stopped_ = asked_.load(std::memory_order_acquire) != Asked::nothing;  // orders of before are there too
        poller_.begin_turn();
        ended_.go_on(stopped_, *dispatcher_, now_ns_);
        if (commands_.waiting()) obey();
        dispatcher_->keep_waiting(stopped_ || pool_switch_.is_on());
        MessageList ended;
        // The host may also stop because a reload could go neither on nor back: then no worker takes anything any more.
        const bool for_nobody = stopped_ && pool_stage() == PoolStage::quiet;
        if ((giving_up || for_nobody) && queue_->takes_back())
            pool_switch_.release_all(*dispatcher_, ended);
        else
            push(ended);  // (2)
        end(ended);
        replay_posted();
        settlement_.submit(now_ns_);
        if (withdrawals_ && settlement_.submitted()) withdrawals_->tell_emptied(*dispatcher_);
        if (pool_switch_.lets_poll()) dispatcher_->name_overdue(now_ns_, settlement_.ages().oldest_ns());
        if (settled_ && std::exchange(confirmed_seen_, settlement_.confirmed()) != settlement_.confirmed()) settled_();
        if (!settlement_.failed().empty() && !failing()) {
            const auto flushed = settlement_.flush();  // knows the reason also where the answer came late
            fail(flushed ? settlement_.failed() : flushed.error().message);
        }
        if (pool_stage() == PoolStage::held && is_quiet()) {
            pool_switch_.all_is_back();
            changed_();
        }

        const bool failed = failing_.load(std::memory_order_relaxed);
        // What it does not take any more, nobody else can settle.
        if (failed && (in_flight() == 0 || (!settlement_.failed().empty() && store_.live() + replay_.live() == 0)))
            return State::failed;
        if (giving_up) {
            if (auto flushed = settlement_.flush(); !flushed) logger_.error("{}", flushed.error().message);
            if (failed) return State::failed;
            return in_flight() == 0 ? State::finished : State::abandoned;
        }
        poller_.look_for_end(in_flight() == 0);
        if ((poller_.is_over() || stopped_) && !failed && confirm_rest()) return State::finished;  // (3)

        poll_or_rest();  // (4)
    }
}

// ---- what other threads ask of it (SourceProxy) -----------------------------------------------------------------------------

void SourceLoop::obey() {
    for (SourceCommand& command : commands_.take())
        std::visit(
            [this]<typename Command>(Command& its) {
                if constexpr (std::is_same_v<Command, SlidingRate>)
                    ended_.pause().limit(its);
                else if constexpr (std::is_same_v<Command, std::shared_ptr<KeyQuestion>>)
                    answer(*its);
                else
                    obey(its);
            },
            command);
}

void SourceLoop::obey(Hold how) {
    pool_switch_.hold(how);
    changed_();
}

void SourceLoop::obey(GoOn& command) {
    take_back();  // what workers gave back before the command was given
    pool_switch_.leave(*dispatcher_);
    if (command.routes) {
        dispatcher_ = std::make_unique<Dispatcher>(std::move(command.routes->router), store_, std::move(command.routes->pools),
                                                   &recorded_);
        in_flight_max_ = command.routes->in_flight_max;
    }
    pool_switch_.go_on();
    changed_();
}

void SourceLoop::answer(KeyQuestion& question) {
    if (!question.placed.load(std::memory_order_relaxed)) question.not_polled = gates_.not_polled();
    dispatcher_->answer(question);
}

// ---- one turn ---------------------------------------------------------------------------------------------------------------

// All that is alive is here, or with the dead letters or behind one. While keys are fenced, what went back must have arrived:
// the fences go with the dispatcher, and it is for the source then to deliver those messages first.
bool SourceLoop::is_quiet() const {
    return store_.live() + replay_.live() == pool_switch_.size() + dispatcher_->waiting() + ended_.waiting() &&
           pool_switch_.is_worked_off(*dispatcher_) &&
           !(dispatcher_->fenced() && (settlement_.pending() || ended_.waiting_for_their_key() != 0));
}

void SourceLoop::push(MessageList& ended) {
    pool_switch_.push(*dispatcher_, now_ns_, ended);
    if (const std::uint32_t moved = dispatcher_->take_slots_moved(); moved != 0) slots_moved_.add(moved);
    if (dispatcher_->overflowed() != overflowed_.load(std::memory_order_relaxed))
        overflowed_.store(dispatcher_->overflowed(), std::memory_order_relaxed);
}

void SourceLoop::take_back() {
    take_outcomes(
        outcomes_, [this](AttemptNote attempt) { settlement_.note(std::move(attempt)); },
        [this](Message* message) {
            dispatcher_->came_back(*message);
            // A worker gives back for two reasons. The order to stop was given here before it was given to the pools.
            if (message->outcome == Outcome::released && asked_.load(std::memory_order_relaxed) == Asked::nothing &&
                !message->is_withdrawn()) {
                message->outcome = Outcome::none;
                pool_switch_.keep(message);
            } else {
                ended_.end(message, *dispatcher_, now_ns_);
            }
        });
}

// As if polled.
void SourceLoop::replay_posted() {
    if (!replay_.has_posted() || !gates_.lets_replays_pass()) return;
    MessageList ended;
    dispatcher_->dispatch(replay_.take(dispatcher_->room().messages, now_ns_), now_ns_, ended);
    end(ended);
}

// Before anything of the turn goes by the time, as it may take some. The intake is closed: what is pushed finds no room.
void SourceLoop::service() {
    FaultBuffer fault;
    const sluice_status status = service_.call(fault);
    now_ns_ = clock_.now();
    if (status != SLUICE_OK && !failing()) fail(fault.error(status).message);
}

// What the source takes away ends here, or at its worker.
void SourceLoop::look_after_deliveries() {
    withdrawals_->extend(now_ns_);
    MessageList withdrawn;
    withdrawals_->find(*dispatcher_, pool_switch_, withdrawn);
    end(withdrawn);
}

// ---- the one wait -----------------------------------------------------------------------------------------------------------

void SourceLoop::poll_or_rest() {
    if (memory_) memory_->publish(store_.bytes() + replay_.bytes());
    const PollAllowance allowance = gates_.ask(now_ns_);
    if (allowance.messages == 0)
        rest();
    else
        poll(allowance);
}

void SourceLoop::poll(const PollAllowance& allowance) {
    std::uint32_t wait_ms = poller_.wait_ms();
    const bool may_wait = wait_ms != 0;
    if (may_wait) {
        store_.give_back_memory();
        if (const std::int64_t due = next_due_ns(); due != 0)
            wait_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(wait_ms, (due - now_ns_) / ns_per_ms + 1));
        event_count_.prepare_wait_in_adapter();  // EventCount (S1)
        if (has_news()) wait_ms = 0;             // (S2)
    }
    confirmations_.polled();
    MessageList polled = poller_.poll(allowance, wait_ms, now_ns_);
    if (may_wait) event_count_.end_wait();
    if (!polled.empty()) {
        settlement_.ages().received(now_ns_, polled.size());
        ended_.end_known_dead(polled, now_ns_);
        MessageList ended;
        dispatcher_->all_went_back(settlement_.all_went_back());
        dispatcher_->dispatch(polled, now_ns_, ended);
        end(ended);
    }
    if (!poller_.failed().empty() && !failing()) fail(poller_.failed());
}

// All of it is looked at in the turn that follows, or the source thread would not come to rest. Room: a worker that was asked
// says so by clearing its mark, which may_push() looks at.
bool SourceLoop::has_news() const {
    const Asked asked = asked_.load(std::memory_order_seq_cst);
    return commands_.waiting() || pool_switch_.may_push(*dispatcher_) || !outcomes_.empty() || ended_.has_news() ||
           asked == Asked::give_up || (!stopped_ && asked == Asked::stop) || (memory_ && memory_->has_room()) ||
           (replay_.has_posted() && gates_.lets_replays_pass()) || poller_.has_news();
}

// When something is to be done that nobody rings for; 0 = nothing is. What is in the past waits for something else.
std::int64_t SourceLoop::next_due_ns() const {
    std::int64_t next = 0;
    const auto at = [&](std::int64_t due_ns) {
        if (due_ns > now_ns_ && (next == 0 || due_ns < next)) next = due_ns;
    };
    if (pool_switch_.lets_push()) at(dispatcher_->due_ns());
    at(gates_.due_ns());
    at(ended_.due_ns());
    at(settlement_.retry_at_ns());
    if (withdrawals_) at(withdrawals_->due_ns());
    at(confirmations_.due_ns());
    // The one that does not wait for something else, should it be due by now already.
    if (service_.due_ns() != ServiceCalls::never) at(std::max(service_.due_ns(), now_ns_ + 1));
    return next;
}

// Until an outcome, a stored dead letter, room or a command comes; or a time that something is due.
void SourceLoop::rest() {
    store_.give_back_memory();
    confirmations_.rests(now_ns_);
    const bool for_room =
        !dispatcher_->may_poll() && !poller_.is_over() && !stopped_ && !pool_switch_.is_on();  // outcomes do not make any
    event_count_.prepare_wait(for_room);                                                       // EventCount (S1)
    if (!has_news()) {                                                                         // (S2)
        const std::int64_t due = next_due_ns();
        event_count_.wait(std::chrono::nanoseconds(due == 0 ? 1'000 * ns_per_ms : std::min(due - now_ns_, 1'000 * ns_per_ms)));
    }
    event_count_.end_wait();
    confirmations_.ask_if_due();
}

// Nothing more comes in: true once everything is settled and the source has confirmed it.
bool SourceLoop::confirm_rest() {
    if (store_.live() != 0 || replay_.live() != 0 || dispatcher_->waiting() != 0) return false;
    return confirmations_.ask_for_all();
}

void SourceLoop::fail(std::string why) {
    error_ = std::move(why);
    failing_.store(true, std::memory_order_release);
    logger_.error("the source cannot go on: {}", error_);
    changed_();
}

}  // namespace sluice
