// Extensions in the SDK: which tables have the function, and what it carries across.
#include <gtest/gtest.h>

#include <stdexcept>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/queue.hpp"
#include "sluice/sdk/testing.hpp"
#include "sluice/sdk/testing_database.hpp"
#include "sluice/sdk/testing_queue.hpp"

namespace {

constexpr int audit = 1;
const void* offered(std::string_view id) {
    if (id == "com.example.bad/1") throw std::runtime_error("no");
    return id == "com.example.audit/1" ? &audit : nullptr;
}

struct Plain : sluice::Handler {
    sluice::Verdict handle(const sluice::Message&, sluice::Context&) override { return sluice::done(); }
};
struct Audited : Plain {
    const void* extension(std::string_view id) { return offered(id); }
};
struct Sink : sluice::Target {
    sluice::Status open(sluice::TargetSink) override { return SLUICE_OK; }
    sluice::Status publish(std::span<const sluice_outgoing* const>, std::uint64_t) override { return SLUICE_OK; }
};
struct AuditedSink : Sink {
    const void* extension(std::string_view id) override { return offered(id); }
};
struct Lake : sluice::Database {
    sluice::Status open() override { return SLUICE_OK; }
    std::unique_ptr<sluice::Connection> connect(sluice::CommitSink) override { return nullptr; }
};
struct AuditedLake : Lake {
    const void* extension(std::string_view id) override { return offered(id); }
};

void expect_audit(auto& component) {
    EXPECT_EQ(component.extension("com.example.audit/1"), &audit);
    EXPECT_EQ(component.extension("com.example.audit/2"), nullptr);
    EXPECT_EQ(component.extension("com.example.bad/1"), nullptr) << "nothing is thrown across";
}

TEST(ExtensionSdk, IsWhatTheClassOffers) {
    sluice::FakeHost host;
    auto handler = host.handler(sluice::handler<Audited>("h"));
    expect_audit(handler);
    sluice::FakeTarget target(host, sluice::queue<AuditedSink>("q", "Q.").table, {});
    expect_audit(target);
    sluice::FakeDatabase database(host, sluice::database<AuditedLake>("d", "D.").table, {});
    expect_audit(database);
}

TEST(ExtensionSdk, IsNothingWhereTheClassHasNone) {
    sluice::FakeHost host;
    EXPECT_EQ(host.handler(sluice::handler<Plain>("h")).extension("com.example.audit/1"), nullptr);
    EXPECT_EQ(static_cast<const sluice_handler*>(sluice::handler<Plain>("h").table)->extension, nullptr);
    EXPECT_EQ(static_cast<const sluice_queue*>(sluice::queue<Sink>("q", "Q.").table)->extension, nullptr);
    sluice::FakeDatabase database(host, sluice::database<Lake>("d", "D.").table, {});
    EXPECT_EQ(database.extension("com.example.audit/1"), nullptr);
}

}  // namespace
