#include "unit/handler_host.hpp"

#include <algorithm>
#include <utility>

#include "core/bytes.hpp"
#include "publish/target.hpp"
#include "unit/canceller.hpp"
#include "unit/publishable.hpp"

namespace sluice {
namespace {

sluice_status stale(sluice_fault* fault) {
    return set_fault(fault, SLUICE_STALE,
                     "this ticket's message is not being handled now; use a ticket only inside its call of handle()");
}

template <typename Pairs>
std::string names_of(const Pairs& pairs) {
    std::string names;
    for (const auto& [name, value] : pairs) names += (names.empty() ? "" : ", ") + name;
    return names.empty() ? "none is configured" : "there are: " + names;
}

std::string text_of(sluice_bytes bytes) {
    return std::string(view_of(bytes));
}

bool is_outage(sluice_status status) {
    return status == SLUICE_UNAVAILABLE || status == SLUICE_CONFLICT;
}

}  // namespace

HandlerHost::HandlerHost(Logger logger, std::filesystem::path state_dir, const Clock& clock, const Dependencies& dependencies,
                         Connection::Ended& ended)
    : sluice_host(logger, std::move(state_dir), clock),
      asked_for_(dependencies.targets.size()),
      session_(dependencies, ended, this->clock(), this->logger()) {}

HandlerHost::~HandlerHost() = default;

Result<void> HandlerHost::create(const HandlerFactory& handlers, sluice_setup setup, const PluginPart* part) {
    setup.api = &host_api();
    setup.host = this;
    auto created = handlers.create(setup, part);
    if (!created) return std::move(created).error();
    handler_ = std::move(created).value();
    measuring_.freeze();
    return {};
}

Result<void> HandlerHost::start() {
    if (started_) return {};
    if (auto started = handler_->start(); !started) return started;
    started_ = true;
    return {};
}

void HandlerHost::stop() {
    deferred_.close();
    if (std::exchange(started_, false))
        if (const auto stopped = handler_->stop(); !stopped) logger().error("{}", stopped.error().message);
    session_.close();
}

bool HandlerHost::handle(Unit& unit, std::uint32_t index) {
    return call_handler(unit, index, [&](const sluice_message& message, sluice_ticket ticket) {
        return handler_->handle(message, ticket, session_.fault().get());
    });
}

bool HandlerHost::handle_resumed(Unit& unit, std::uint32_t index, std::uint64_t cookie) {
    return call_handler(unit, index, [&](const sluice_message& message, sluice_ticket ticket) {
        return handler_->resume(message, ticket, cookie, session_.fault().get());
    });
}

// Last before the handler: what came before has taken nothing of its time.
void HandlerHost::begin_call(sluice_ticket first, std::uint32_t count) {
    if (timeout_ns_ != 0)
        deadline_ns_.store(clock().now() + timeout_ns_, std::memory_order_release);  // not before the end of the last call
    // (W) whoever sees it sees its deadline: (R) in call()
    count == 0 ? current_.begin(first) : current_.begin_batch(first, count);
}

template <typename Function>
bool HandlerHost::call_handler(Unit& unit, std::uint32_t index, Function&& function) {
    unit_ = &unit;
    session_.forget_said();
    Message& message = *unit.messages[index];
    const bool isolated = poison_ != nullptr && poison_->any();
    if (isolated) poison_->isolation().enter(message.suspect);
    note_.begin(message.view.id);
    const sluice_ticket ticket = unit.ticket(index);
    begin_call(ticket);
    const HandlerPort::Answer answer = function(message.view, ticket);
    if (answer.verdict != SLUICE_DONE) {
        said_ = {.verdict = answer.verdict, .misbehaved = answer.threw};
        if (answer.verdict == SLUICE_DEFER) defer(&message, ticket, said_);  // while current_ has it: an end may be on its way
    }
    current_.end();
    note_.end();
    if (isolated) poison_->isolation().leave(message.suspect);
    json_.close();
    if (answer.verdict == SLUICE_DONE) return true;
    if (said_.verdict < SLUICE_DONE || said_.verdict > SLUICE_DEFER) misbehave(said_);
    excuse(said_);
    return false;
}

std::span<const HandlerHost::Said> HandlerHost::handle_batch(Unit& unit, std::uint32_t first, std::uint32_t count) {
    unit_ = &unit;
    session_.forget_said();
    const bool isolated = poison_ != nullptr && poison_->any();
    if (isolated) poison_->isolation().enter(false);  // before the marks: who waits is not in the handler
    const auto note = [&](std::uint32_t i) -> HandlerMark* {
        return i == 0 ? &note_ : i <= batch_.notes.size() ? &batch_.notes[i - 1] : nullptr;
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        batch_.messages[i] = &unit.messages[first + i]->view;
        batch_.tickets[i] = unit.ticket(first + i);
        batch_.verdicts[i] = SLUICE_RETRY;
        if (HandlerMark* its = note(i)) its->begin(batch_.messages[i]->id);
    }
    const sluice_batch batch{sizeof batch, count, batch_.messages.data(), batch_.tickets.data(), batch_.verdicts.data()};
    begin_call(batch_.tickets.front(), count);
    const bool threw = !handler_->handle_batch(batch, session_.fault().get());
    for (std::uint32_t i = 0; i < count; ++i) {
        batch_.said[i] = {.verdict = batch_.verdicts[i], .misbehaved = threw && i == 0};
        if (batch_.verdicts[i] == SLUICE_DEFER) defer(unit.messages[first + i], batch_.tickets[i], batch_.said[i]);
    }
    current_.end_batch();
    for (std::uint32_t i = 0; i < count; ++i)
        if (HandlerMark* its = note(i)) its->end();
    if (isolated) poison_->isolation().leave(false);
    json_.close();
    for (Said& said : std::span(batch_.said).first(count)) {
        if (said.verdict == SLUICE_DONE || said.verdict == SLUICE_SKIP || said.verdict == SLUICE_DEFER || said.crowded)
            continue;
        if (said.verdict < SLUICE_DONE || said.verdict > SLUICE_DEFER) misbehave(said);
        said.verdict = SLUICE_RETRY;
        excuse(said);
        said.alone = !said.unavailable && !said.outage;
    }
    return std::span(batch_.said).first(count);
}

void HandlerHost::misbehave(Said& said) {
    set_fault(session_.fault().get(), SLUICE_CONTRACT,
              "the handler answered with the unknown verdict " + std::to_string(said.verdict));
    said.verdict = SLUICE_RETRY;
    said.misbehaved = true;
}

void HandlerHost::excuse(Said& said) const {
    const sluice_fault& fault = session_.fault().fault();
    // Being told to give up does not count as an attempt either.
    said.unavailable =
        said.verdict == SLUICE_RETRY && (session_.was_unavailable() || cancelled_.load(std::memory_order_relaxed));
    said.outage = said.verdict == SLUICE_RETRY && !said.crowded && is_outage(fault.status);
    said.delay_ms = fault.retry_delay_ms;
}

void HandlerHost::defer(Message* message, sluice_ticket ticket, Said& said) {
    const std::int64_t time_ns = timeout_ns_ != 0 ? timeout_ns_ : limits::deferred_ms * 1'000'000;
    if (!may_end_deferred() && !std::exchange(unbounded_said_, true))
        logger().warn(
            "the handler defers messages, has no `cancel`, and does not say that it keeps no views of them "
            "(SLUICE_HANDLER_KEEPS_NO_VIEWS): the host cannot end one whose time is over, and waits until the handler does");
    if (deferred_.add(ticket, message, clock().now(), time_ns)) return;
    said.verdict = SLUICE_RETRY;
    said.crowded = true;
}

// ---- services ------------------------------------------------------------------------------------------------------------

sluice_status HandlerHost::database(sluice_bytes name, uint32_t* number, sluice_fault* fault) {
    const auto& databases = session_.dependencies().databases;
    const std::string wanted = text_of(name);
    const auto found =
        std::find_if(databases.begin(), databases.end(), [&](const auto& entry) { return entry.first == wanted; });
    if (found == databases.end())
        return set_fault(fault, SLUICE_INVALID,
                         "there is no database \"" + wanted + "\" in `databases` (" + names_of(databases) + ")");
    *number = static_cast<std::uint32_t>(found - databases.begin());
    return session_.use(*number, current_.any(), fault);
}

sluice_status HandlerHost::prepare(uint32_t database, sluice_bytes sql, uint32_t* statement, sluice_fault* fault) {
    const Connection* to = session_.connection(database);
    if (to == nullptr)
        return set_fault(fault, SLUICE_INVALID, "ask for the database by name before preparing a statement on it");
    if (!session_.is_open())
        return set_fault(fault, SLUICE_INVALID,
                         "databases are not connected yet: prepare statements in start(), not in create()");
    const sluice_status prepared = session_.note(*to, to->port().prepare(sql, statement, fault), fault);
    // A table that was dropped, or a mistake in the statement: the message has no part in it.
    if (prepared != SLUICE_OK && current_.any()) session_.note_unavailable();
    return prepared;
}

sluice_status HandlerHost::describe(uint32_t database, uint32_t statement, sluice_statement* description, sluice_fault* fault) {
    const Connection* to = session_.connection(database);
    if (to == nullptr || !session_.is_open())
        return set_fault(fault, SLUICE_INVALID, "there is no open database with this number");
    return to->port().describe(statement, description, fault);
}

sluice_status HandlerHost::enter(sluice_ticket ticket, std::uint32_t database, std::size_t& position, sluice_fault* fault) {
    if (!current_.has(ticket)) return stale(fault);
    const auto& connections = session_.connections();
    for (position = 0; position < connections.size(); ++position)
        if (connections[position]->number() == database) return session_.begin(*unit_, position, fault);
    return set_fault(fault, SLUICE_INVALID, "there is no database with this number; ask for it by name in create() or start()");
}

sluice_status HandlerHost::execute(sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                                   uint32_t count, sluice_fault* fault) {
    std::size_t position = 0;
    if (const sluice_status entered = enter(ticket, database, position, fault); entered != SLUICE_OK) return entered;
    const Connection& to = *session_.connections()[position];
    return session_.note(to, to.port().execute(unit_->handles[position], ticket, statement, values, count, fault), fault);
}

sluice_status HandlerHost::query(sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                                 uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) {
    if (ticket == 0) {
        const Connection* to = session_.connection(database);
        if (to == nullptr || !session_.is_open())
            return set_fault(fault, SLUICE_INVALID, "there is no open database with this number");
        return session_.answered(*to, to->port().query(0, 0, statement, values, count, sink, fault), fault);
    }
    if (current_.is_batch())
        return set_fault(fault, SLUICE_UNSUPPORTED,
                         "in handle_batch nothing is queried within the unit of work: query with ticket 0 (what is "
                         "committed), or leave the message to handle()");
    std::size_t position = 0;
    if (const sluice_status entered = enter(ticket, database, position, fault); entered != SLUICE_OK) return entered;
    unit_->is_queried = true;
    const Connection& to = *session_.connections()[position];
    return session_.answered(to, to.port().query(unit_->handles[position], ticket, statement, values, count, sink, fault),
                             fault);
}

std::vector<std::size_t> HandlerHost::targets() const {
    std::vector<std::size_t> numbers;
    for (std::size_t number = 0; number < asked_for_.size(); ++number)
        if (asked_for_[number].load(std::memory_order_relaxed)) numbers.push_back(number);
    return numbers;
}

sluice_status HandlerHost::target(sluice_bytes name, uint32_t* number, sluice_fault* fault) {
    const auto& targets = session_.dependencies().targets;
    const std::string wanted = text_of(name);
    const auto found = std::find_if(targets.begin(), targets.end(), [&](const auto& entry) { return entry.first == wanted; });
    if (found == targets.end())
        return set_fault(fault, SLUICE_INVALID,
                         "there is no target \"" + wanted + "\" in `targets` (" + names_of(targets) + ")");
    const auto at = static_cast<std::size_t>(found - targets.begin());
    asked_for_[at].store(true, std::memory_order_relaxed);
    *number = static_cast<std::uint32_t>(at);
    return SLUICE_OK;
}

sluice_status HandlerHost::publish(sluice_ticket ticket, uint32_t target, const sluice_outgoing* message, sluice_fault* fault) {
    if (!current_.has(ticket)) return stale(fault);
    if (target >= session_.dependencies().targets.size())
        return set_fault(fault, SLUICE_INVALID,
                         "there is no target with this number; ask for it by name in create() or start()");
    const auto& [name, to] = session_.dependencies().targets[target];
    if (const std::string why = why_not_publishable(*message, name, to->message_bytes_max()); !why.empty())
        return set_fault(fault, SLUICE_INVALID, why);
    const auto index = Unit::index_of(ticket);
    if (!unit_->publishes.add(index, target, *message))
        return set_fault(fault, SLUICE_FULL,
                         "a message may publish at most " + std::to_string(limits::publishes_max) + " messages");
    return SLUICE_QUEUED;
}

HandlerHost::Call HandlerHost::call() const {
    for (;;) {
        Call call{current_.first(), deadline_ns_.load(std::memory_order_acquire)};  // (R)
        // Unchanged after: the deadline is this call's and not that of one that has begun meanwhile.
        if (current_.first() == call.ticket) return call;
    }
}

bool HandlerHost::can_cancel() const {
    return handler_->can_cancel();
}

bool HandlerHost::may_end_deferred() const {
    return can_cancel() || handler_->flags().keeps_no_views();
}

void HandlerHost::cancel_ticket(sluice_ticket ticket) {
    if (!can_cancel()) return;
    canceller_ != nullptr ? canceller_->post(*this, ticket) : call_cancel(ticket);
}

void HandlerHost::call_cancel(sluice_ticket ticket) {
    handler_->cancel(ticket);
}

// Of the call under way or a deferred message; 0: it has none, -1: the ticket has ended.
int64_t HandlerHost::deadline_ns(sluice_ticket ticket) const {
    if (ticket == 0) return 0;
    const Call now = call();
    if (now.ticket != 0 && current_.has(ticket)) return now.deadline_ns;
    const std::int64_t deadline = deferred_.deadline_ns(ticket);
    return deadline == 0 ? -1 : deadline;
}

uint32_t HandlerHost::cancelled(sluice_ticket ticket) {
    if (cancelled_.load(std::memory_order_relaxed)) return 1;
    if (ticket != 0 && ticket == lost_.load(std::memory_order_relaxed)) return 1;
    const std::int64_t deadline = deadline_ns(ticket);
    return deadline != 0 && clock().now() >= deadline ? 1 : 0;
}

int64_t HandlerHost::deadline_ms(sluice_ticket ticket) {
    const std::int64_t deadline = deadline_ns(ticket);
    return deadline <= 0 ? 0 : clock().wall_ms() + (deadline - clock().now()) / 1'000'000;
}

sluice_status HandlerHost::complete(sluice_ticket ticket, const sluice_ending& ending) {
    if (ending.verdict < SLUICE_DONE || ending.verdict > SLUICE_SKIP) return SLUICE_INVALID;
    Deferred::End end{.verdict = ending.verdict};
    end.text = clean_text(view_of(ending.text).substr(0, limits::fault_text_bytes));
    end.delay_ms = ending.retry_delay_ms;
    end.outage = is_outage(ending.status);
    return deferred_.end(ticket, std::move(end));
}

sluice_status HandlerHost::resume(sluice_ticket ticket, uint64_t cookie) {
    if (handler_ == nullptr || !handler_->can_resume()) return SLUICE_UNSUPPORTED;  // NULL: its create() has not returned
    return deferred_.end(ticket, {.cookie = cookie});
}

sluice_status HandlerHost::metric(const sluice_metric& metric, uint32_t* number, sluice_fault* fault) {
    return measuring_.declare(metric, number, fault);
}

void HandlerHost::measure(uint32_t number, int64_t value) {
    measuring_.measure(number, value);
}

sluice_status HandlerHost::work_done(sluice_ticket ticket, uint64_t n) {
    if (ticket == 0) return SLUICE_STALE;
    if (!current_.has(ticket)) return deferred_.deadline_ns(ticket) != 0 ? SLUICE_OK : SLUICE_STALE;
    progress_.say(ticket, n, clock().now());
    return SLUICE_OK;
}

sluice_status HandlerHost::json(sluice_ticket ticket, sluice_bytes pointer, sluice_json* value, sluice_fault* fault) {
    if (!current_.has(ticket)) return stale(fault);
    return json_.find(unit_->messages[Unit::index_of(ticket)]->view.body, pointer, *value, fault);
}

}  // namespace sluice
