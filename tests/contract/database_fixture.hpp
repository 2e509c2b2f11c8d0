// A database that is open, with a worker's connection.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "database.hpp"

namespace sluice::contract {

class DatabaseContract : public testing::TestWithParam<const DatabaseEngine*> {
protected:
    static constexpr const char* insert = "INSERT INTO item VALUES(?, ?)";
    static constexpr const char* count = "SELECT count(*) FROM item";

    explicit DatabaseContract(Milliseconds patience = far_longer, bool deduplicates = true)
        : wanted{GetParam()->create_table, patience, deduplicates} {
        connect();
    }

    void connect() {
        const Answer opened = database.open();
        ASSERT_TRUE(opened.ok()) << opened;
        worker.emplace(database);
        ASSERT_TRUE(worker->connected().ok()) << worker->connected();
    }
    void disconnect() {
        worker.reset();
        database.close();
    }
    // As one that was closed, or has crashed and come again.
    void reconnect() {
        disconnect();
        connect();
    }
    // A row with this id.
    Answer write(std::uint64_t unit, sluice_ticket ticket, std::int64_t id, const std::string& value = "value") {
        return worker->execute(unit, ticket, insert, {integer(id), text(value)});
    }
    // A unit of one message, with a row.
    Ended commit_row(std::int64_t id) {
        const auto unit = worker->begun();
        EXPECT_TRUE(write(unit, 1, id).is_taken());
        return worker->commit(unit);
    }
    std::string rows() { return worker->value(count); }

    const DatabaseEngine& engine = *GetParam();
    Folder folder;
    const DatabaseEngine::Wanted wanted;
    DatabaseInstance database{engine, folder, wanted};
    std::optional<Worker> worker;
};

}  // namespace sluice::contract
