// The admin thread: serves the clients of the control socket. It knows no verb but by name, and never holds up the host.
//
// Threads      one of its own; add and adopt: before start. stop: who started it. Waker::wake: any.
// Ownership    owns the clients and their conversations; waker() may outlive it.
// Errors       a client that does not send its request, does not read its answer, or sends a request that is too long, is
//              dropped.
// Limits       limits::control_: clients, and bytes per client.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "admin/socket/control_socket.hpp"
#include "admin/socket/conversation.hpp"
#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"

namespace sluice {

// Has every conversation go on, soon.
class Waker {
public:
    Waker();
    void wake();

private:
    friend class ControlServer;
    Descriptor event_;
};

class ControlServer {
public:
    ControlServer(Logger logger, const Clock& clock);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    void add(std::string verb, Verb begin) { verbs_.emplace(std::move(verb), std::move(begin)); }
    // Done by the admin thread at every turn, and once more when it stops; whether there is a client or not.
    void add_chore(std::function<void()> chore) { chores_.push_back(std::move(chore)); }
    // Under the lock of the state directory.
    Result<void> listen(const std::filesystem::path& state_dir);
    void adopt(Descriptor client);

    void start();
    // Conversations end where they are.
    void stop();

    const std::shared_ptr<Waker>& waker() { return waker_; }

private:
    struct Client {
        Descriptor socket;
        Talk talk;
        std::unique_ptr<Conversation> conversation;
        bool begun = false;
        std::int64_t since_ns = 0;  // it has done nothing that it had to
    };

    void thread_main();
    void turn();
    void accept();
    void serve(Client& client, short happened);
    bool receive(Client& client);
    void begin(Client& client);
    bool send(Client& client);
    bool gone(Client& client, short happened);
    short waits_for(const Client& client) const;

    const Logger logger_;
    const Clock& clock_;
    std::map<std::string, Verb, std::less<>> verbs_;
    std::vector<std::function<void()>> chores_;
    std::filesystem::path state_dir_;
    Descriptor listening_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::int64_t accept_again_ns_ = 0;  // 0 = now; else there was no descriptor for a client
    RateLimit cannot_accept_{60'000'000'000};
    std::vector<pollfd> polled_;  // the waker's, the socket's, then the clients'
    std::shared_ptr<Waker> waker_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace sluice
