// The component `generate`: its options.
#include "generator.hpp"

namespace {

using namespace sluice::generate;

Options read_options(const sluice::Setup& setup) {
    Options options;
    options.messages = static_cast<std::uint64_t>(setup.integer("messages"));
    options.rate = setup.number("rate");
    options.burst = static_cast<std::uint64_t>(setup.integer("burst", 1));
    options.size = setup.size("size", 256);
    options.keys = static_cast<std::uint32_t>(setup.integer("keys", 10'000));
    if (setup.text("distribution", "uniform") == "zipf") options.zipf = setup.number("exponent", 1.0);
    options.seed = static_cast<std::uint64_t>(setup.integer("seed", 1));
    options.key_header = setup.text("key_header");
    options.stamp = setup.boolean("stamp");
    return options;
}

class GenerateSource final : public sluice::Source {
public:
    explicit GenerateSource(const sluice::Setup& setup) : options_(read_options(setup)), generator_(options_) {}

    std::uint64_t capabilities() const noexcept override {
        const std::uint32_t finite = options_.messages != 0 ? SLUICE_QUEUE_FINITE | SLUICE_QUEUE_STABLE_IDS : 0;
        return finite | SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER;
    }
    sluice::Status open(sluice::SourceSink sink) override {
        generator_.start(sink);
        return SLUICE_OK;
    }
    sluice::Status poll(const sluice::Poll& poll) override { return generator_.poll(poll.max, poll.wait); }
    sluice::Status settle(std::span<const sluice_settlement> items) override { return generator_.settle(items); }
    void wake() noexcept override { generator_.wake(); }
    sluice::Status probe(sluice::Probe probe) override {
        probe.fact(SLUICE_FACT_LIMITS,
                   options_.messages == 0 ? "messages without end" : std::to_string(options_.messages) + " messages");
        return SLUICE_OK;
    }

private:
    const Options options_;
    Generator generator_;
};

}  // namespace

SLUICE_PLUGIN("sluice.generate", "0.1.0",
              sluice::queue<GenerateSource>(
                  "generate", "Makes messages for tests and benchmarks: of a given size, number or rate, with keys by chance.",
                  sluice::integer("messages", "How many; 0 = without end.").otherwise(0).between(0, 1e15),
                  sluice::number("rate", "Messages per second, by a fixed schedule; 0 = as fast as they are taken.")
                      .otherwise(0)
                      .between(0, 1e9),
                  sluice::integer("burst", "With a rate: messages that come at once.").otherwise(1).between(1, 1e6),
                  sluice::size("size", "Of the body, which is JSON.").otherwise("256").between(Body::smallest, 64 << 20),
                  sluice::integer("keys", "How many different keys.").otherwise(10'000).between(1, KeyChooser::keys_max),
                  sluice::one_of("distribution", {"uniform", "zipf"}, "How often each key comes.").otherwise("uniform"),
                  sluice::number("exponent", "Of the zipf distribution.").otherwise(1.0).between(0.01, 10),
                  sluice::integer("seed", "Another seed makes other keys, and other ids.").otherwise(1).between(0, 1e15),
                  sluice::text("key_header", "Also gives the key as a header of this name; empty = does not.").otherwise(""),
                  sluice::boolean("stamp",
                                  "Writes the time each message is due into it, as due_ns, in nanoseconds of CLOCK_MONOTONIC.")
                      .otherwise(false)))
