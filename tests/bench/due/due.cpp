// The component `due`: how long after its due time (the stamp of the source `generate`) each message came to the handler. At
// the end each worker appends a line of JSON to a file: {"worker":3,"latencies":{"1024":7,...}}.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <string_view>

#include "latencies.hpp"
#include "sluice/sdk/handler.hpp"

namespace {

class Due final : public sluice::Handler {
public:
    explicit Due(const sluice::Setup& setup) : path_(setup.text("path")), worker_(setup.worker()) {}

    sluice::Verdict handle(const sluice::Message& message, sluice::Context&) override {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);  // before anything else
        constexpr std::string_view name = "\"due_ns\":";
        const std::string_view body = message.body();
        const std::size_t at = body.find(name);
        std::int64_t due_ns = 0;
        if (at == body.npos ||
            std::from_chars(body.data() + at + name.size(), body.data() + body.size(), due_ns).ec != std::errc())
            return sluice::reject("the body has no due_ns: the source needs `stamp: true`");
        latencies_.record(now.tv_sec * 1'000'000'000 + now.tv_nsec - due_ns);
        return sluice::done();
    }

    void stop() override {
        const std::string line = "{\"worker\":" + std::to_string(worker_) + ",\"latencies\":" + latencies_.json() + "}\n";
        const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            throw sluice::Failure(SLUICE_UNAVAILABLE, "cannot write " + path_);
        ::close(file);
    }

private:
    const std::string path_;
    const std::uint32_t worker_;
    bench::Latencies latencies_;
};

}  // namespace

SLUICE_PLUGIN("sluice.bench.due", "0.1.0",
              sluice::handler<Due>("due", "Measures how late messages are, for benchmarks.",
                                   sluice::path("path", "The file that each worker appends its line to.").required()))
