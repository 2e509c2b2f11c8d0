// The component `sqlite`: a database in one file.
#include "sluice/sdk/plugin.hpp"

#include <memory>

#include "connection.hpp"
#include "sluice/sdk/database.hpp"
#include "store.hpp"

namespace sluice::sqlite {
namespace {

class SqliteDatabase final : public Database {
public:
    explicit SqliteDatabase(const Setup& setup)
        : store_({.path = setup.path("path"),
                  .setup = setup.text("setup"),
                  .busy_timeout = setup.duration("busy_timeout"),
                  .keep = setup.duration("keep"),
                  .deduplicate = setup.boolean("deduplicate")}) {}

    std::uint32_t capabilities() const noexcept override {
        return store_.settings().deduplicate ? SLUICE_DATABASE_DEDUPLICATES : 0;
    }
    Status open() override {
        store_.open();
        return SLUICE_OK;
    }
    void close() override { store_.close(); }
    Status ping() override { return store_.writer().ping(); }
    std::unique_ptr<sluice::Connection> connect(CommitSink sink) override { return std::make_unique<Connection>(store_, sink); }

private:
    Store store_;
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
            .at_least(1s)))
