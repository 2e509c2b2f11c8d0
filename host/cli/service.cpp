#include "cli/service.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include "admin/interrupt.hpp"
#include "admin/socket/control_client.hpp"
#include "admin/socket/control_socket.hpp"
#include "app/direct_service.hpp"
#include "app/exit_status.hpp"
#include "app/state_dir.hpp"

namespace sluice {
namespace {

constexpr std::chrono::seconds patience{10};         // for a host that is starting or stopping
constexpr std::chrono::milliseconds look_again{20};  // at another process, which cannot tell us

struct Service {
    Descriptor host;                        // connected to a running host
    std::unique_ptr<DirectService> direct;  // or this

    const Descriptor& socket() const { return direct ? direct->socket() : host; }
};

Result<Service> reach(const LoadedConfig& loaded, Answers answers, bool only_looks) {
    const std::filesystem::path& state_dir = loaded.config.state_dir;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        Result<Descriptor> host = connect_in(state_dir);
        if (host) return Service{std::move(*host), nullptr};
        if (host.error().kind == ErrorKind::invalid) return std::move(host).error();
        if (!StateDir::is_locked(state_dir)) {
            if (answers == Answers::host_only)
                return Error{ErrorKind::unavailable,
                             fmt::format("no host runs on {}; start it with `sluice run`", state_dir.string())};
            auto direct = DirectService::open(loaded.config, *loaded.registry, only_looks);
            if (direct) return Service{{}, std::move(*direct)};
            if (!StateDir::is_locked(state_dir)) return std::move(direct).error();
        }
        if (std::chrono::steady_clock::now() >= deadline)
            return Error{
                ErrorKind::unavailable,
                fmt::format(
                    "{}: a process holds this state directory and does not answer at {}; is it a host that starts or stops?",
                    state_dir.string(), control_socket_name)};
        std::this_thread::sleep_for(look_again);
    }
}

}  // namespace

int ask(const Arguments& arguments, const Question& question) {
    const auto complain = [&](const std::string& sentence) { fmt::print(stderr, "sluice {}: {}\n", question.verb, sentence); };
    std::optional<Interrupt> interrupt;
    if (question.until_signal) interrupt.emplace();
    const LoadedConfig loaded = load_config(arguments.input);
    if (!loaded.problems.empty()) {
        fmt::print(stderr, "{}", loaded.problems.text());
        return exit_status::invalid;
    }
    const Result<Service> service = reach(loaded, question.answers, question.only_looks);
    if (!service) return complain(service.error().message), exit_status::failed;
    const Result<Answered> answered =
        converse(service->socket(), question.request, question.input, question.line, interrupt ? &*interrupt : nullptr);
    if (!answered) return complain(answered.error().message), exit_status::failed;
    const bool is_whole = answered->last.kind == Node::Kind::map;
    if (question.last && is_whole) question.last(answered->last);
    std::fflush(stdout);  // before a complaint, on a terminal
    if (!answered->error.empty()) complain(answered->error);
    return answered->interrupted != 0 ? 128 + answered->interrupted : answered->exit;
}

}  // namespace sluice
