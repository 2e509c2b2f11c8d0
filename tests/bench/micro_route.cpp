// What finding a key and picking a worker costs, beside the usual way of doing it (the DOM) and the parts it consists of.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstring>
#include <string>
#include <vector>

#include "route/router.hpp"
#include "sluice/message.h"

namespace sluice {
namespace {

// 256 bytes, with the key as the first or the last member.
std::string body_text(unsigned key, bool first) {
    const std::string member = "\"key\":\"k" + std::to_string(10000 + key) + "\"";
    std::string rest = R"("id":123456,"type":"departure","delay":-5,"at":"2001/01/01 00:47","tags":["a","b"],"fill":")";
    const std::size_t used = member.size() + rest.size() + std::strlen("{,\"}");
    rest += std::string(256 - used, 'x') + "\"";
    return "{" + (first ? member + "," + rest : rest + "," + member) + "}";
}

class Bodies {
public:
    explicit Bodies(bool first) {
        for (unsigned key = 0; key < count; ++key) {
            char* body = bytes_.data() + key * stride;
            const std::string text = body_text(key, first);
            std::memcpy(body, text.data(), text.size());
            messages_[key].body = {body, text.size()};
        }
    }
    const sluice_message& next() { return messages_[at_ = (at_ + 1) % count]; }

private:
    static constexpr std::size_t count = 64;  // stay in the first cache, as a batch just read does
    static constexpr std::size_t stride = 320;
    std::vector<char> bytes_ = std::vector<char>(count * stride);
    std::vector<sluice_message> messages_ = std::vector<sluice_message>(count);
    std::size_t at_ = 0;
};

void find_key(benchmark::State& state, bool first) {
    Bodies bodies(first);
    const JsonPointer pointer = parse_json_pointer("/key").value();
    JsonBody json;
    std::string scratch;
    for (auto _ : state) {
        const sluice_bytes body = bodies.next().body;
        json.open({body.data, body.size});
        benchmark::DoNotOptimize(json.find(pointer, scratch));
        json.close();
    }
}
BENCHMARK_CAPTURE(find_key, first_member, true);
BENCHMARK_CAPTURE(find_key, last_member, false);

void route(benchmark::State& state) {
    Bodies bodies(true);
    RouteRules rules;
    rules.by = RouteBy::pointer;
    rules.key = "/key";
    rules.worker_count = 10;
    Router router = Router::make(rules).value();
    std::string scratch;
    for (auto _ : state) benchmark::DoNotOptimize(router.route(bodies.next(), scratch));
}
BENCHMARK(route);

void index_only(benchmark::State& state) {
    Bodies bodies(true);
    simdjson::ondemand::parser parser;
    for (auto _ : state) {
        const sluice_bytes body = bodies.next().body;
        auto document = parser.iterate(body.data, body.size, body.size + SLUICE_BODY_PADDING);
        benchmark::DoNotOptimize(document.error());
    }
}
BENCHMARK(index_only);

void baseline_dom(benchmark::State& state) {
    Bodies bodies(true);
    simdjson::dom::parser parser;
    for (auto _ : state) {
        const sluice_bytes body = bodies.next().body;
        std::string_view key;
        if (parser.parse(body.data, body.size, false)["key"].get(key) != simdjson::SUCCESS) state.SkipWithError("no key");
        benchmark::DoNotOptimize(key);
    }
}
BENCHMARK(baseline_dom);

}  // namespace
}  // namespace sluice

BENCHMARK_MAIN();
