#include "app/direct_service.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "admin/depths.hpp"
#include "admin/enqueue.hpp"
#include "plugin/port/plugin_queue.hpp"
#include "topology/queues.hpp"

namespace sluice {
namespace {

constexpr std::int64_t close_ns = 5'000'000'000;

LogOptions only_complaints() {
    LogOptions options;
    options.level = LogLevel::warn;
    return options;
}

}  // namespace

Result<const Library*> DirectQueues::library_of(const ComponentConfig& component) {
    auto found = registry_.find(ComponentKind::queue, component.plugin);
    if (!found) return std::move(found).error();
    return registry_.load(*found);
}

Result<PublishSide*> DirectQueues::open(const ComponentConfig& component, const std::string& identity,
                                        const std::string& folder) {
    std::unique_ptr<PublishSide>& side = open_[component.path];
    if (!side) {
        const Result<const Library*> library = library_of(component);
        if (!library) return library.error();
        auto opened = PublishSide::open({**library, component, identity, config_.state_dir / folder}, logging_, clock_);
        if (!opened) return std::move(opened).error();
        side = std::move(*opened);
    }
    return side.get();
}

bool DirectQueues::is_absent(const ComponentConfig& component) {
    const auto found = registry_.find(ComponentKind::queue, component.plugin);
    const Node* path = component.options.find("path");
    if (!found || path == nullptr) return false;
    const auto takes_path = [](const OptionSpec& option) { return option.name == "path" && option.type == OptionType::path; };
    std::error_code failed;
    return std::ranges::any_of(found->spec->options, takes_path) && !std::filesystem::exists(path->text, failed) && !failed;
}

// Opens only what has something to tell: opening a file for writing would make it.
SeenQueue DirectQueues::look(const std::string& role, const ComponentConfig& component, const std::string& identity,
                             const std::string& folder) {
    SeenQueue seen{role, component.name, nullptr, {}, false};
    const Result<const Library*> library = library_of(component);
    if (!library) {
        seen.error = library.error().message;
    } else if (!can_look_into(**library, component.component)) {
        return seen;
    } else if (is_absent(component)) {
        seen.absent = true;
    } else {
        const Result<PublishSide*> side = open(component, identity, folder);
        if (side)
            seen.queue = &(*side)->queue();
        else
            seen.error = side.error().message;
    }
    return seen;
}

SeenQueue DirectQueues::dead_letters() {
    if (config_.dead_letter_target.empty())
        return find_dead_letters(
            config_, {look("dead_letters", config_.dead_letters, config_.dead_letters.name, config_.dead_letters.path)});
    std::vector<SeenQueue> found;
    for (const TargetConfig& target : config_.targets)
        if (target.component.name == config_.dead_letter_target)
            found.push_back(look("target", target.component, target.component.name, target.component.path));
    return find_dead_letters(config_, std::move(found));
}

Result<void> DirectQueues::replay(const std::string&, std::unique_ptr<ReplayItem>&) {
    return Error{ErrorKind::unsupported, "only a running host can process dead letters; start it with `sluice run`"};
}

std::vector<SeenQueue> DirectQueues::all() {
    std::vector<SeenQueue> seen;
    for (const SourceConfig& source : config_.sources) {
        if (source.no_publish_side.empty())
            seen.push_back(look("source", source.publish_side, source.id, "sources." + source.id));
        else
            seen.push_back({"source", source.component.name, nullptr, {}, false});
    }
    for (const TargetConfig& target : config_.targets)
        seen.push_back(look("target", target.component, target.component.name, target.component.path));
    if (config_.dead_letter_target.empty())
        seen.push_back(look("dead_letters", config_.dead_letters, config_.dead_letters.name, config_.dead_letters.path));
    return seen;
}

Result<Target*> DirectQueues::publisher(const std::string& source) {
    const Result<const SourceConfig*> config = find_publish_side(config_, source);
    if (!config) return config.error();
    const Result<PublishSide*> side = open((*config)->publish_side, (*config)->id, "sources." + (*config)->id);
    if (!side) return side.error();
    return &(*side)->target();
}

void DirectQueues::close(std::int64_t deadline_ns) {
    for (const auto& [path, side] : open_)
        if (side) side->close(deadline_ns);
}

Result<std::unique_ptr<DirectService>> DirectService::open(const HostConfig& config, Registry& registry, bool only_looks) {
    std::optional<StateDir> state_dir;
    if (!only_looks || StateDir::was_used(config.state_dir)) {
        Result<StateDir> state = StateDir::open(config.state_dir);
        if (!state) return std::move(state).error();
        state_dir.emplace(std::move(*state));
    }
    std::unique_ptr<DirectService> service(new DirectService(std::move(state_dir), config, registry));
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return Error{ErrorKind::unavailable, std::string("no socket can be made: ") + std::strerror(errno)};
    service->client_ = Descriptor(ends[0]);
    service->server_.adopt(Descriptor(ends[1]));
    service->server_.start();
    return service;
}

DirectService::DirectService(std::optional<StateDir> state, const HostConfig& config, Registry& registry)
    : state_(std::move(state)),
      logging_(only_complaints(), clock_),
      watch_(logging_.logger("host"), clock_),
      queues_(config, registry, logging_, clock_),
      server_(logging_.logger("host"), clock_),
      dead_letters_(queues_, clock_, logging_.logger("host"), server_.waker()) {
    server_.add("queues", depths_verb(queues_, clock_));
    server_.add("enqueue", enqueue_verb(queues_, server_.waker()));
    server_.add("dead-letters", dead_letters_.verb());
}

DirectService::~DirectService() {
    server_.stop();
    queues_.close(clock_.now() + close_ns);
}

}  // namespace sluice
