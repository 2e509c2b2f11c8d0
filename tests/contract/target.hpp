// A target, driven as by the host's target thread.
//
// Threads  published: any. The rest: the test's.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "adapter.hpp"

namespace sluice::contract {

struct Outgoing {
    std::string body;
    std::string key = {};
    std::string id = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    Milliseconds delay{0};
    std::string replaces = {};
};

struct Published {
    sluice_status status = SLUICE_QUEUED;
    std::string text;
};

class Target : public Adapter {
public:
    Target(const QueueEngine& engine, const Folder& folder, Sizes sizes = {}, bool has_state_dir = true)
        : Target(engine, folder, engine.target(folder), std::move(sizes), has_state_dir) {}
    Target(const QueueEngine& engine, const Folder& folder, Options options, Sizes sizes, bool has_state_dir = true);
    ~Target() { close(); }  // while the sink is there

    Answer open();
    // What the messages view is overwritten once it has returned. Tokens rise from call to call.
    Answer publish(const std::vector<Outgoing>& messages);
    Answer reopen();
    // How the messages of the last publish that was taken have ended; waits for it.
    std::vector<Published> results();
    // Publishes and waits: the answer, or what came of each.
    std::vector<Published> publish_and_wait(const std::vector<Outgoing>& messages);

    std::uint64_t next_token = 1;

private:
    void published(std::uint64_t token, std::uint64_t count, sluice_status status, const std::string& text);

    const Sized<sluice_target_sink> sink_;
    std::mutex mutex_;
    std::condition_variable ended_;
    // guarded by mutex_
    std::uint64_t first_ = 0;  // of the last call
    std::uint64_t count_ = 0;
    std::map<std::uint64_t, Published> results_;
};

std::vector<Outgoing> outgoing(const Bodies& bodies);
// Publishes these and closes again; fails the test if one is not stored.
void publish_all(const QueueEngine& engine, const Folder& folder, Options options, const Bodies& bodies);

}  // namespace sluice::contract
