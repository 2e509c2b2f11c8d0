#include "source/source_loop.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include "core/bytes.hpp"

namespace sluice {

SourceLoop::SourceLoop(std::string name, std::string identity, std::unique_ptr<QueuePort> queue, Clock& clock, Logger logger,
                       std::function<void()> changed)
    : name_(std::move(name)),
      identity_(identity),
      clock_(clock),
      logger_(logger),
      changed_(std::move(changed)),
      queue_(std::move(queue)),
      bell_([this] { queue_->wake(); }),
      confirmed_(identity),
      replay_(identity),
      store_(std::move(identity)),
      settlement_(*queue_, store_, clock, logger),
      intake_(store_, settlement_, confirmed_),
      service_(*queue_, clock, logger),
      dead_letter_pause_(logger) {}

SourceLoop::~SourceLoop() {
    if (thread_.joinable()) thread_.detach();  // only after a join() that failed: the process ends now
}

void SourceLoop::connect(SourceRouter router, std::vector<PoolFeed::Options> pools, Target& dead_letters,
                         std::uint64_t in_flight_max) {
    in_flight_max_ = in_flight_max;
    dead_letters_ = std::make_unique<DeadLetters>(dead_letters, recorded_, clock_, bell_, logger_);
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
        if (!deliveries_) intake_.note_deliveries(deliveries_.emplace());
        deliveries_->set_lease(queue_->can_extend() ? static_cast<std::int64_t>(limits->lease_ms) * ns_per_ms : 0);
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
    settle_order_.take_all(left);
    dead_letter_pause_.take_all(left);
    if (dead_letters_) {
        dead_letters_->take_stored(left, false);
        dead_letters_->release_refused(left);
    }
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
    bell_.ring();
    return true;
}

void SourceLoop::start() {
    make_gates();
    thread_ = std::thread([this] { thread_main(); });
}

void SourceLoop::request_stop() {
    Asked before = Asked::nothing;
    asked_.compare_exchange_strong(before, Asked::stop, std::memory_order_seq_cst);  // one to give up outlasts it
    bell_.ring();
}

void SourceLoop::give_up() {
    asked_.store(Asked::give_up, std::memory_order_seq_cst);
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
    pthread_setname_np(pthread_self(), ("src:" + name_).substr(0, 15).c_str());
    service_.begin();
    const State last = loop();
    if (stage_.stages != nullptr) stage_.stages->ended(stage_.number);
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
    std::lock_guard lock(gone_mutex_);
    gone_ = true;
    gone_changed_.notify_all();
}

// (1) back before (2) forward, (3) the end, (4) new messages or a rest.
SourceLoop::State SourceLoop::loop() {
    for (;;) {
        now_ns_ = clock_.now();
        if (service_.is_due(now_ns_)) service();
        if (deliveries_) look_after_deliveries();
        // Before (1): what was given back before it was asked for counts.
        const bool giving_up = asked_.load(std::memory_order_acquire) == Asked::give_up;
        take_back();                                                          // (1)
        stopped_ = asked_.load(std::memory_order_acquire) != Asked::nothing;  // orders of before are there too
        if (stage_.stages != nullptr) stage_.seen_version = stage_.stages->version();
        end_dead_letters();
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
        if (deliveries_ && deliveries_->may_have_emptied() && settlement_.submitted()) tell_emptied();
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
        if (supply_ == Supply::at_end) look_for_end();
        if ((supply_ == Supply::over || stopped_) && !failed && confirm_rest()) return State::finished;  // (3)

        poll_or_rest();  // (4)
    }
}

// ---- what other threads ask of it (SourceProxy) -----------------------------------------------------------------------------

void SourceLoop::obey() {
    for (SourceCommand& command : commands_.take())
        std::visit(
            [this]<typename Command>(Command& its) {
                if constexpr (std::is_same_v<Command, SlidingRate>)
                    dead_letter_pause_.limit(its);
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
    if (command.ways) {
        dispatcher_ =
            std::make_unique<Dispatcher>(std::move(command.ways->router), store_, std::move(command.ways->pools), &recorded_);
        in_flight_max_ = command.ways->in_flight_max;
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
    return store_.live() + replay_.live() == pool_switch_.size() + dispatcher_->waiting() + dead_letters_->waiting() +
                                                 dead_letter_pause_.waiting() + settle_order_.held() &&
           pool_switch_.is_worked_off(*dispatcher_) &&
           !(dispatcher_->fenced() && (settlement_.pending() || settle_order_.held() != 0));
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
                end(message);
            }
        });
}

// One that left the store has been replayed, and then the database knows it; or somebody has removed it, and it may be tried
// again.
bool SourceLoop::is_dead(std::string_view id) const {
    return known_dead_.has(id, [this](std::string_view place) {
        sluice_stored_sink nobody{};
        nobody.struct_size = sizeof nobody;
        nobody.message = [](void*, const sluice_stored*) -> sluice_status { return SLUICE_OK; };
        const auto found = dead_letter_store_->get(place, nobody);
        return found || found.error().kind != ErrorKind::invalid;  // if it does not answer, it is where it was
    });
}

// Delivered again by a source that has not heard of their end: they are in the store, and a replay brings them back.
void SourceLoop::end_known_dead(MessageList& polled) {
    MessageList others;
    while (Message* message = polled.pop_front()) {
        const std::string_view id = view_of(message->view.id);
        if (!is_dead(id)) {
            others.push_back(message);
            continue;
        }
        if (const auto left_out = known_dead_said_.pass(now_ns_))
            logger_.info("message {} came again and stays the dead letter that it is{}", id,
                         *left_out == 0 ? "" : fmt::format(" ({} more since the last such line)", *left_out));
        message->outcome = Outcome::dead_letter;
        settle(message);
    }
    polled = others;
}

// As if polled.
void SourceLoop::replay_posted() {
    if (!replay_.has_posted() || !gates_.lets_replays_pass()) return;
    MessageList ended;
    dispatcher_->dispatch(replay_.take(dispatcher_->room().messages, now_ns_), now_ns_, ended);
    end(ended);
}

// A message has ended, but for what is left to do here.
void SourceLoop::end(Message* message) {
    const auto has_order = [&] { return !message->replayed && dispatcher_->keeps_order(*message); };
    if (message->outcome == Outcome::dead_letter) {
        if (has_order()) settle_order_.begin(message);
        // Before its old dead letter can be gone.
        if (message->replayed) known_dead_.died_again(view_of(message->view.id));
        // A replayed one is a dead letter already.
        if (message->replayed || dead_letter_pause_.admit(message, now_ns_)) store(message);
    } else if (settle_order_.empty() || !has_order() || !settle_order_.hold(message)) {
        settle(message);
    }
}

void SourceLoop::end(MessageList& ended) {
    while (Message* message = ended.pop_front()) end(message);
}

// Those that are stored are settled, those whose turn has come are stored. At a stop nothing waits: it goes back, or is stored
// at once where it cannot.
void SourceLoop::end_dead_letters() {
    MessageList back;
    if (dead_letters_->has_news()) dead_letters_->take_stored(back, !stopped_);
    if (stopped_) {
        dead_letters_->release_refused(back);
        MessageList waiting;
        dead_letter_pause_.take_all(waiting);
        const bool goes_back = queue_->takes_back();
        while (Message* message = waiting.pop_front()) {
            if (!goes_back) {
                store(message);
                continue;
            }
            message->outcome = Outcome::released;
            back.push_back(message);
        }
    } else {
        dead_letters_->store_again();
        while (Message* message = dead_letter_pause_.next(now_ns_)) store(message);
    }
    settle_in_order(back);
}

void SourceLoop::settle_in_order(MessageList& stored) {
    MessageList ended;
    while (Message* message = stored.pop_front()) settle_order_.end(message, ended);
    while (Message* message = ended.pop_front()) settle(message);
}

void SourceLoop::settle(Message* message) {
    const bool suspected = (message->suspect || message->replayed) && poison_ != nullptr && poison_->any();
    if (suspected && message->outcome != Outcome::released) poison_->forget(*message);
    if (message->replayed) return replay_.settle(message);
    if (deliveries_) deliveries_->leave(*message);
    settlement_.take(message, now_ns_);
}

// The source has said that it is at its end; whether more can come into it is not for the source to know.
void SourceLoop::look_for_end() {
    if (stage_.stages->is_over(stage_.number, stage_.seen, in_flight() == 0)) supply_ = Supply::over;
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
