// The components `sqlite`: a database in one file, and queues in it.
#include "sluice/sdk/plugin.hpp"

#include <memory>

#include "database/connection.hpp"
#include "database/store.hpp"
#include "look.hpp"
#include "queue/source.hpp"
#include "queue/target.hpp"
#include "sluice/sdk/database.hpp"

namespace sluice::sqlite {
namespace {

class SqliteDatabase final : public Database {
public:
    explicit SqliteDatabase(const Setup& setup)
        : store_({.path = setup.path("path"),
                  .setup = setup.text("setup"),
                  .busy_timeout = setup.duration("busy_timeout"),
                  .keep = setup.duration("keep"),
                  .deduplicate = setup.boolean("deduplicate"),
                  .log = setup.log()}) {}

    std::uint64_t capabilities() const noexcept override {
        return SLUICE_DATABASE_SETTLES | (store_.settings().deduplicate ? SLUICE_DATABASE_DEDUPLICATES : 0);
    }
    Status open() override {
        store_.open();
        return SLUICE_OK;
    }
    Status probe(Probe probe) override {
        probe_database(store_.settings(), probe);
        return SLUICE_OK;
    }
    void close() override { store_.close(); }
    void interrupt() noexcept override { store_.interrupt(); }
    Status ping() override { return store_.writer().ping(); }
    std::string_view resource_id() const noexcept override { return store_.resource_id(); }
    Status recorded(std::string_view source, RecordedSink ranges) override {
        if (const Deduplication* records = store_.records()) records->list(source, ranges);
        return SLUICE_OK;
    }
    std::unique_ptr<sluice::Connection> connect(CommitSink sink) override { return std::make_unique<Connection>(store_, sink); }

private:
    Store store_;
};

QueueSettings queue_settings(const Setup& setup) {
    QueueSettings settings;
    settings.path = setup.path("path");
    settings.queue = setup.text("queue", "default");
    settings.busy_timeout = setup.duration("busy_timeout");
    settings.until_empty = setup.boolean("until_empty", false);
    settings.max_messages = setup.integer("max_messages", 0);
    settings.max_bytes = static_cast<std::int64_t>(setup.size("max_bytes", 0));
    settings.deduplicate = setup.boolean("deduplicate", false);
    settings.keep = setup.duration("keep", settings.keep);
    settings.log = setup.log();
    return settings;
}

class SqliteQueueSource final : public QueueSource {
public:
    explicit SqliteQueueSource(const Setup& setup) : QueueSource(queue_settings(setup)) {}
};

class SqliteQueueTarget final : public QueueTarget {
public:
    explicit SqliteQueueTarget(const Setup& setup) : QueueTarget(queue_settings(setup)) {}
};

}  // namespace
}  // namespace sluice::sqlite

using namespace std::chrono_literals;

SLUICE_PLUGIN(
    "org.sluice.sqlite", "0.1.0",
    sluice::database<sluice::sqlite::SqliteDatabase>(
        "sqlite", "Tables in a SQLite file: the writes of all workers are committed together, each commit durable.",
        sluice::path("path", "The database file; it and its folder are created if missing.").required(),
        sluice::boolean("deduplicate", "Remember in the same transaction which messages took effect, so that none does twice.")
            .otherwise(false),
        sluice::text("setup", "SQL to run at every start, such as CREATE TABLE IF NOT EXISTS.").otherwise(""),
        sluice::duration("busy_timeout", "How long to wait for a file that another program locks, and for the writer.")
            .otherwise(5s)
            .between(1ms, 1h),
        sluice::duration("keep", "With `deduplicate`: how long messages without a position in their source are remembered.")
            .otherwise(24h)
            .at_least(1s)),
    sluice::queue<sluice::sqlite::SqliteQueueSource, sluice::sqlite::SqliteQueueTarget>(
        "sqlite", "Durable queues in a SQLite file: what is acknowledged is on the disk, what is not settled comes again.",
        sluice::path("path", "The database file; it and its folder are created if missing.").required(),
        sluice::text("queue", "Which queue of the file: a file may hold several.").otherwise("default"),
        sluice::duration("busy_timeout", "How long to wait for a file that another program locks.")
            .otherwise(5s)
            .between(1ms, 1h),
        sluice::boolean("until_empty", "End once nothing is stored or in flight, instead of waiting for more.")
            .otherwise(false)
            .for_source(),
        sluice::integer("max_messages", "How many messages may be stored; 0 = no bound. Publishing to a full queue waits.")
            .otherwise(0)
            .at_least(0)
            .for_target(),
        sluice::size("max_bytes", "How many bytes of messages may be stored; 0 = no bound. Publishing to a full queue waits.")
            .otherwise("1GiB")
            .at_least(0)
            .for_target(),
        sluice::boolean("deduplicate",
                        "Store a message only if its id is not known; one without an id always. Of a source: what `sluice "
                        "enqueue` puts into it.")
            .otherwise(false),
        sluice::duration("keep", "With `deduplicate`: how long ids are known.").otherwise(24h).at_least(1s)))
