// A handler that crashes the process on messages that say so in their body: "abort", "segv" or "kill". It writes the others to
// the database "db", with the attempt.
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "sluice/sdk/handler.hpp"

namespace {

class Crashes final : public sluice::Handler {
public:
    explicit Crashes(const sluice::Setup& setup) : db_(setup.database("db")) {}

    sluice::Verdict handle(const sluice::Message& message, sluice::Context&) override {
        const std::string_view body = message.body();
        if (body.find("\"abort\"") != body.npos) std::abort();
        if (body.find("\"segv\"") != body.npos) ::raise(SIGSEGV);
        if (body.find("\"kill\"") != body.npos) ::raise(SIGKILL);
        db_.execute("INSERT INTO done VALUES(?, ?)", message.id(), message.attempt());
        return sluice::done();
    }

private:
    sluice::DatabaseRef& db_;
};

}  // namespace

SLUICE_PLUGIN("test.crashes", "1.0.0", sluice::handler<Crashes>("crashes", "Crashes on messages that say so."))
