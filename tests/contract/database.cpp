#include "database.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::contract {
namespace {

Value bytes_value(const std::string& bytes, std::uint32_t type, std::uint32_t life) {
    Value value{};
    value.type = type;
    value.life = life;
    value.as.bytes = {bytes.data(), bytes.size()};
    return value;
}

bool has_bytes(const Value& value) {
    return value.type == SLUICE_VALUE_TEXT || value.type == SLUICE_VALUE_BLOB;
}

std::string shown(const Value& value) {
    switch (value.type) {
        case SLUICE_VALUE_NULL: return "NULL";
        case SLUICE_VALUE_INTEGER:
        case SLUICE_VALUE_BOOLEAN: return std::to_string(value.as.integer);
        case SLUICE_VALUE_REAL: return std::to_string(value.as.real);
        case SLUICE_VALUE_TEXT: return "'" + std::string(view(value.as.bytes)) + "'";
        case SLUICE_VALUE_BLOB: return "x'" + std::string(view(value.as.bytes)) + "'";
        default: return "type " + std::to_string(value.type);
    }
}

// Values whose bytes lie in memory that ends where they end, and that is overwritten when the call is over.
class GivenValues {
public:
    explicit GivenValues(const Values& values) : page_(values.size() * sizeof(Value)) {
        Values given = values;
        texts_.reserve(values.size());
        for (Value& value : given) {
            if (!has_bytes(value) || value.life == SLUICE_LIFE_UNIT) continue;
            texts_.emplace_back(view(value.as.bytes));
            value.as.bytes.data = texts_.back().begin();
        }
        if (!given.empty()) std::memcpy(page_.begin(), given.data(), given.size() * sizeof(Value));
    }
    const Value* data() const { return reinterpret_cast<const Value*>(page_.begin()); }

private:
    const Page page_;
    std::vector<Page> texts_;
};

// Receives rows.
class RowsSink {
public:
    RowsSink(DatabaseInstance& database, Rows& rows, std::size_t most)
        : database_(database),
          rows_(rows),
          most_(most),
          sink_(made(), database.sizes()) {}
    const sluice_row_sink* get() const { return sink_.get(); }

private:
    sluice_row_sink made() {
        sluice_row_sink sink{};
        sink.context = this;
        sink.row = [](void* context, const Value* columns, std::uint32_t count) noexcept {
            RowsSink& to = *static_cast<RowsSink*>(context);
            if (to.rows_.size() >= to.most_) to.database_.note("a row comes after the sink has had enough");
            Row& row = to.rows_.emplace_back();
            for (std::uint32_t i = 0; i < count; ++i) row.push_back(shown(columns[i]));
            return to.rows_.size() >= to.most_ ? SLUICE_FULL : SLUICE_OK;
        };
        return sink;
    }

    DatabaseInstance& database_;
    Rows& rows_;
    const std::size_t most_;
    const Sized<sluice_row_sink> sink_;
};

// An identity whose bytes end in front of a page.
class GivenIdentity {
public:
    GivenIdentity(const Identity& identity, const Sizes& sizes)
        : source_(identity.source),
          id_(identity.id),
          identity_(made(identity), sizes) {}
    const sluice_identity* get() const { return identity_.get(); }

private:
    sluice_identity made(const Identity& identity) const {
        sluice_identity given{};
        given.stream_size = identity.stream_size;
        given.source = {source_.begin(), identity.source.size()};
        given.id = {id_.begin(), identity.id.size()};
        given.position = identity.stream_size == 0 ? 0 : identity.position;
        given.position_end = identity.stream_size == 0 ? 0 : identity.position + 1;
        return given;
    }

    const Page source_, id_;
    const Sized<sluice_identity> identity_;
};

sluice_database_sink sink_of(Worker* worker, auto committed) {
    sluice_database_sink sink{};
    sink.context = worker;
    sink.committed = committed;
    return sink;
}

}  // namespace

Value integer(std::int64_t value) {
    Value made{};
    made.type = SLUICE_VALUE_INTEGER;
    made.as.integer = value;
    return made;
}
Value real(double value) {
    Value made{};
    made.type = SLUICE_VALUE_REAL;
    made.as.real = value;
    return made;
}
Value boolean(bool value) {
    Value made = integer(value ? 1 : 0);
    made.type = SLUICE_VALUE_BOOLEAN;
    return made;
}
Value null() {
    return {};
}
Value text(const std::string& text, std::uint32_t life) {
    return bytes_value(text, SLUICE_VALUE_TEXT, life);
}
Value blob(const std::string& bytes, std::uint32_t life) {
    return bytes_value(bytes, SLUICE_VALUE_BLOB, life);
}

// ---- the instance ----------------------------------------------------------------------------------------------------------

DatabaseInstance::DatabaseInstance(const DatabaseEngine& engine, const Folder& folder, const DatabaseEngine::Wanted& wanted,
                                   Sizes sizes, bool has_state_dir)
    : host_(folder, SLUICE_ROLE_DATABASE, engine.options(folder, wanted), std::move(sizes), has_state_dir),
      table_(whole_table<sluice_database>(load_table(engine.plugin, SLUICE_KIND_DATABASE, engine.component, host_.sizes()))) {
    created_ =
        host_.create([this](const sluice_setup* setup, sluice_fault* fault) { return table_.create(setup, &self_, fault); });
    if (!created_.fault.empty()) note(created_.fault);
    if (created_.ok() != (self_ != nullptr)) note("create has failed with an instance, or has succeeded without one");
}

DatabaseInstance::~DatabaseInstance() {
    close();
    if (created_.ok()) table_.destroy(self_);
    for (const std::string& rule : broken_) ADD_FAILURE() << rule;
}

Answer DatabaseInstance::open() {
    Answer answer = call([this](sluice_fault* fault) { return table_.open(self_, fault); });
    is_open_ = answer.ok();
    return answer;
}

void DatabaseInstance::close() {
    if (std::exchange(is_open_, false)) table_.close(self_);
}

Answer DatabaseInstance::ping() {
    return call([this](sluice_fault* fault) { return table_.ping == nullptr ? SLUICE_OK : table_.ping(self_, fault); });
}

Answer DatabaseInstance::recorded(Ranges& ranges, std::size_t most) {
    struct Context {
        Ranges& ranges;
        std::size_t most;
        DatabaseInstance& database;
    } context{ranges, most, *this};
    sluice_recorded_sink given{};
    given.context = &context;
    given.range = [](void* raw, sluice_bytes stream, std::uint64_t from, std::uint64_t to) noexcept {
        Context& into = *static_cast<Context*>(raw);
        if (into.ranges.size() >= into.most) into.database.note("a range comes after the sink has had enough");
        if (from >= to) into.database.note("an empty range");
        into.ranges.emplace_back(view(stream), from, to);
        return into.ranges.size() >= into.most ? SLUICE_FULL : SLUICE_OK;
    };
    const Sized<sluice_recorded_sink> sink(given, sizes());
    return call([&](sluice_fault* fault) { return table_.recorded(self_, bytes("contract"), sink.get(), fault); });
}

Answer DatabaseInstance::probe(std::vector<std::pair<std::string, std::string>>& facts) {
    sluice_probe_sink given{};
    given.context = &facts;
    given.fact = [](void* to, sluice_bytes name, sluice_bytes value) noexcept {
        static_cast<std::vector<std::pair<std::string, std::string>>*>(to)->emplace_back(view(name), view(value));
    };
    const Sized<sluice_probe_sink> sink(given, sizes());
    return call([&](sluice_fault* fault) { return table_.probe(self_, sink.get(), fault); });
}

// ---- a worker --------------------------------------------------------------------------------------------------------------

Worker::Worker(DatabaseInstance& database)
    : database_(database),
      sink_(sink_of(this,
                    [](void* context, std::uint64_t token, sluice_status status, const sluice_commit_result* results,
                       std::uint64_t count, sluice_bytes text) noexcept {
                        static_cast<Worker*>(context)->committed(token, status, results, count, std::string(view(text)));
                    }),
            database.sizes()) {
    connected_ = database_.call(
        [this](sluice_fault* fault) { return table().connect(database_.self(), sink_.get(), &connection_, fault); });
    if (connected_.ok() != (connection_ != nullptr)) database_.note("connect has failed with a connection, or the other way");
}

Worker::~Worker() {
    if (connected_.ok()) table().disconnect(connection_);
    for (const auto& [token, ended] : submitted_)
        if (!ended) ADD_FAILURE() << "disconnect has returned, and the unit of token " << token << " has not ended";
}

Answer Worker::prepare(std::string_view sql, std::uint32_t& statement) {
    const Page page(sql);
    const sluice_bytes given{sql.data() == nullptr ? nullptr : page.begin(), sql.size()};
    return database_.call([&](sluice_fault* fault) { return table().prepare(connection_, given, &statement, fault); });
}

std::uint32_t Worker::prepared(const std::string& sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) return known->second;
    std::uint32_t statement = 0;
    const Answer answer = prepare(sql, statement);
    EXPECT_TRUE(answer.ok()) << answer;
    return statements_[sql] = statement;
}

Answer Worker::describe(std::uint32_t statement, sluice_statement& description) {
    const Sized<sluice_statement> given({}, database_.sizes());
    const Answer answer =
        database_.call([&](sluice_fault* fault) { return table().describe(connection_, statement, given.get(), fault); });
    if (!given.is_intact()) database_.note("describe has written past its struct_size, or changed that");
    description = given.value();
    return answer;
}

Answer Worker::begin(std::uint64_t& unit) {
    return database_.call([&](sluice_fault* fault) { return table().unit_begin(connection_, &unit, fault); });
}

std::uint64_t Worker::begun() {
    std::uint64_t unit = 0;
    const Answer answer = begin(unit);
    EXPECT_TRUE(answer.ok()) << answer;
    EXPECT_NE(unit, 0u);
    return unit;
}

Answer Worker::execute(std::uint64_t unit, sluice_ticket ticket, const std::string& sql, const Values& values) {
    const std::uint32_t statement = prepared(sql);
    const GivenValues given(values);
    return database_.call([&](sluice_fault* fault) {
        return table().execute(connection_, unit, ticket, statement, given.data(), static_cast<std::uint32_t>(values.size()),
                               fault);
    });
}

Answer Worker::query(std::uint64_t unit, sluice_ticket ticket, const std::string& sql, Rows& rows, const Values& values,
                     std::size_t most) {
    const std::uint32_t statement = prepared(sql);
    const GivenValues given(values);
    const RowsSink sink(database_, rows, most);
    return database_.call([&](sluice_fault* fault) {
        return table().query(connection_, unit, ticket, statement, given.data(), static_cast<std::uint32_t>(values.size()),
                             sink.get(), fault);
    });
}

std::string Worker::value(const std::string& sql) {
    Rows rows;
    const Answer answer = query(0, 0, sql, rows);
    EXPECT_TRUE(answer.ok()) << answer;
    return rows.empty() || rows[0].empty() ? "nothing" : rows[0][0];
}

Answer Worker::record(std::uint64_t unit, sluice_ticket ticket, const Identity& identity) {
    const GivenIdentity given(identity, database_.sizes());
    return database_.call(
        [&](sluice_fault* fault) { return table().record_once(connection_, unit, ticket, given.get(), fault); });
}

Answer Worker::keep(std::uint64_t unit, sluice_ticket ticket, const std::string& publishes) {
    const Page page(publishes);
    return database_.call([&](sluice_fault* fault) {
        return table().keep_publishes(connection_, unit, ticket, {page.begin(), publishes.size()}, fault);
    });
}

Answer Worker::kept(const Identity& identity, Rows& rows) {
    const GivenIdentity given(identity, database_.sizes());
    const RowsSink sink(database_, rows, SIZE_MAX);
    return database_.call(
        [&](sluice_fault* fault) { return table().kept_publishes(connection_, given.get(), sink.get(), fault); });
}

void Worker::publishes_done(const std::vector<Identity>& identities) {
    std::vector<std::unique_ptr<GivenIdentity>> given;
    const Page page(identities.size() * sizeof(void*));
    for (const Identity& identity : identities) {
        given.push_back(std::make_unique<GivenIdentity>(identity, database_.sizes()));
        const sluice_identity* const pointer = given.back()->get();
        std::memcpy(page.begin() + (given.size() - 1) * sizeof pointer, &pointer, sizeof pointer);
    }
    table().publishes_done(connection_, reinterpret_cast<const sluice_identity* const*>(page.begin()), identities.size());
}

Answer Worker::settle(std::uint64_t unit, const std::string& queue,
                      const std::vector<std::pair<sluice_ticket, std::uint64_t>>& acks, std::uint32_t action) {
    std::vector<sluice_ticket> tickets;
    std::vector<sluice_settlement> items;
    for (const auto& [ticket, tag] : acks) {
        tickets.push_back(ticket);
        sluice_settlement& item = items.emplace_back();
        item.tag = tag;
        item.action = action;
    }
    const Page name(queue);
    return database_.call([&](sluice_fault* fault) {
        return table().settle(connection_, unit, {name.begin(), queue.size()}, tickets.data(), items.data(), items.size(),
                              fault);
    });
}

Answer Worker::seal(std::uint64_t unit) {
    return database_.call([&](sluice_fault* fault) { return table().seal(connection_, unit, fault); });
}

void Worker::submit(std::uint64_t unit, std::uint64_t token) {
    {
        const std::lock_guard lock(mutex_);
        submitted_[token] = std::nullopt;
    }
    table().commit_submit(connection_, unit, token);
}

void Worker::confirm_below(const std::string& stream, std::uint64_t position) {
    if (table().confirmed_below != nullptr) table().confirmed_below(connection_, bytes("contract"), bytes(stream), position);
}

Ended Worker::wait(std::uint64_t token) {
    std::unique_lock lock(mutex_);
    const bool has_ended = ended_.wait_for(lock, 2 * soon, [&] { return submitted_[token].has_value(); });
    EXPECT_TRUE(has_ended) << "the unit of token " << token << " has not ended";
    return submitted_[token].value_or(Ended());
}

Ended Worker::commit(std::uint64_t unit) {
    const Answer sealed = seal(unit);
    if (!sealed.ok()) {
        abandon(unit);
        return {sealed.status, {}, sealed.text};
    }
    const std::uint64_t token = next_token_++;
    submit(unit, token);
    return wait(token);
}

void Worker::committed(std::uint64_t token, sluice_status status, const sluice_commit_result* results, std::uint64_t count,
                       std::string text) {
    const std::lock_guard lock(mutex_);
    const auto found = submitted_.find(token);
    if (found == submitted_.end() || found->second) {
        database_.note("the end of a unit that nobody has submitted, or its second end: token " + std::to_string(token));
        return;
    }
    if (status != SLUICE_OK && text.empty()) database_.note("a unit has failed, and nobody says why");
    Ended ended{status, {}, std::move(text)};
    for (std::uint64_t i = 0; i < count; ++i) {
        if (results[i].status == SLUICE_OK) database_.note("a message that has ended well is listed");
        if (!ended.results.emplace(results[i].ticket, results[i].status).second) database_.note("a message is listed twice");
    }
    found->second = std::move(ended);
    ended_.notify_all();
}

}  // namespace sluice::contract
