#include "admin/socket/control_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "sluice/abi.h"
#include "text/json_read.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

constexpr std::int64_t request_deadline_ns = 10'000'000'000;  // from connecting to the end of the request
constexpr std::int64_t read_deadline_ns = 30'000'000'000;     // for a client to read what stands ready for it
constexpr std::size_t read_at_once = 256u << 10;
constexpr int turn_ms = 1'000;
constexpr int busy = 5;

}  // namespace

void Talk::end(int exit, std::string_view error, std::string_view fields) {
    if (std::exchange(ended_, true)) return;
    JsonFields last;
    last.add("end", true).add("exit", std::int64_t{exit});
    if (!error.empty()) last.add("error", error);
    output_ += fmt::format("{{{}{}{}}}\n", last.view(), fields.empty() ? "" : ",", fields);
}

Waker::Waker() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Waker::wake() {
    const std::uint64_t one = 1;
    if (::write(event_.get(), &one, sizeof one) < 0) errno = 0;  // full: it is awake by then
}

ControlServer::ControlServer(Logger logger, const Clock& clock)
    : logger_(logger),
      clock_(clock),
      waker_(std::make_shared<Waker>()) {}

ControlServer::~ControlServer() {
    stop();
}

Result<void> ControlServer::listen(const std::filesystem::path& state_dir) {
    Result<Descriptor> socket = listen_in(state_dir);
    if (!socket) return std::move(socket).error();
    listening_ = std::move(*socket);
    ::fcntl(listening_.get(), F_SETFL, O_NONBLOCK);
    state_dir_ = state_dir;
    return {};
}

void ControlServer::adopt(Descriptor client) {
    ::fcntl(client.get(), F_SETFL, O_NONBLOCK);
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->socket = std::move(client);
    clients_.back()->since_ns = clock_.now();
}

void ControlServer::start() {
    thread_ = std::thread([this] { thread_main(); });
}

void ControlServer::stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    waker_->wake();
    thread_.join();
    if (listening_) remove_socket(state_dir_);
    listening_ = Descriptor();
}

void ControlServer::thread_main() {
    pthread_setname_np(pthread_self(), "admin");
    while (!stopping_.load()) turn();
    clients_.clear();
    for (const auto& chore : chores_) chore();
}

void ControlServer::turn() {
    polled_.clear();
    polled_.push_back({waker_->event_.get(), POLLIN, 0});
    // While there is no descriptor for a client they wait in the socket's line: what cannot be accepted would wake us again and
    // again.
    const bool waits_to_accept = accept_again_ns_ != 0 && clock_.now() < accept_again_ns_;
    polled_.push_back({waits_to_accept ? -1 : listening_.get(), POLLIN, 0});  // poll() passes over -1
    for (const auto& client : clients_) polled_.push_back({client->socket.get(), waits_for(*client), 0});
    const bool again = std::ranges::any_of(clients_, [](const auto& client) { return client->talk.again_; });
    if (::poll(polled_.data(), polled_.size(),
               again                                                     ? 0
               : clients_.empty() && chores_.empty() && !waits_to_accept ? -1
                                                                         : turn_ms) < 0)
        return;
    std::uint64_t wakes;
    if (::read(waker_->event_.get(), &wakes, sizeof wakes) < 0) errno = 0;
    for (const auto& chore : chores_) chore();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        serve(*clients_[i], polled_[i + 2].revents);
        if (clients_[i]->socket) std::swap(clients_[kept++], clients_[i]);
    }
    clients_.resize(kept);
    if ((polled_[1].revents & POLLIN) != 0) accept();
}

void ControlServer::accept() {
    for (;;) {
        Descriptor socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) {
            const int error = errno;
            accept_again_ns_ = 0;
            // Clients that have gone, or been taken by nobody: the next poll() tells.
            if (error == EAGAIN || error == EWOULDBLOCK || error == ECONNABORTED || error == EINTR) return;
            accept_again_ns_ = clock_.now() + std::int64_t{turn_ms} * 1'000'000;
            if (cannot_accept_.pass(clock_.now()))
                logger_.warn("a client of the control socket cannot be served yet: {}{}", std::strerror(error),
                             error == EMFILE || error == ENFILE ? "; raise the limit of open files (ulimit -n)" : "");
            return;
        }
        const bool too_many = clients_.size() >= limits::control_clients;
        adopt(std::move(socket));
        if (!too_many) continue;
        Client& client = *clients_.back();
        client.begun = true;
        client.talk.end(
            busy, fmt::format("the host serves {} clients already; try again when one has ended", limits::control_clients));
        send(client);
        clients_.pop_back();
    }
}

short ControlServer::waits_for(const Client& client) const {
    const Talk& talk = client.talk;
    short events = 0;
    if (!talk.input_ended_ && !talk.ended_ && talk.input().size() < talk.input_max_) events |= POLLIN;
    if (talk.sent_ < talk.output_.size()) events |= POLLOUT;
    return events;
}

// An empty socket is a client to be forgotten.
void ControlServer::serve(Client& client, short happened) {
    Talk& talk = client.talk;
    bool alive = true;
    talk.again_ = false;
    if ((happened & POLLIN) != 0) alive = receive(client);
    try {
        if (alive && !client.begun) begin(client);
        if (alive && client.conversation && !talk.ended_ && !talk.congested()) client.conversation->go_on(talk);
    } catch (const std::exception& unforeseen) {
        talk.end(busy, unforeseen.what());
    }
    talk.input_.erase(0, std::exchange(talk.used_, 0));
    if (alive && talk.sent_ < talk.output_.size()) alive = send(client);
    if (!alive || gone(client, happened)) {
        client.conversation.reset();
        client.socket = Descriptor();
    }
}

bool ControlServer::receive(Client& client) {
    Talk& talk = client.talk;
    const std::size_t before = talk.input_.size();
    talk.input_.resize(before + read_at_once + SLUICE_BODY_PADDING);
    const ssize_t size = ::read(client.socket.get(), talk.input_.data() + before, read_at_once);
    const int error = errno;
    // The string keeps its capacity, and with it the bytes behind the input.
    talk.input_.resize(before + (size > 0 ? static_cast<std::size_t>(size) : 0));
    if (size == 0) talk.input_ended_ = true;
    return size >= 0 || error == EAGAIN || error == EINTR;
}

void ControlServer::begin(Client& client) {
    Talk& talk = client.talk;
    const std::size_t end = talk.input_.find('\n');
    if (std::min(end, talk.input_.size()) >= limits::control_request_bytes) {
        client.begun = true;
        return talk.end(2, fmt::format("the request is longer than {} bytes", limits::control_request_bytes));
    }
    if (end == std::string::npos) {
        if (talk.input_ended_) talk.ended_ = true;  // went away before it said anything
        return;
    }
    client.begun = true;
    const Result<Node> request = read_json(std::string_view(talk.input_).substr(0, end), limits::control_request_values);
    talk.input_.erase(0, end + 1);
    talk.input_max_ = limits::control_input_bytes;
    client.since_ns = clock_.now();
    if (!request) return talk.end(2, "the request cannot be read: " + request.error().message);
    const auto verb = verbs_.find(text_of(*request, "verb"));
    if (verb == verbs_.end())
        return talk.end(
            2, fmt::format("this host does not know the verb \"{}\"; is it of another version?", text_of(*request, "verb")));
    client.conversation = verb->second(*request, talk);
    if (!client.conversation && !talk.ended_) talk.end(0);
}

bool ControlServer::send(Client& client) {
    Talk& talk = client.talk;
    while (talk.sent_ < talk.output_.size()) {
        const ssize_t size = ::send(client.socket.get(), talk.output_.data() + talk.sent_, talk.output_.size() - talk.sent_,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0) return errno == EAGAIN || errno == EINTR;
        talk.sent_ += static_cast<std::size_t>(size);
        client.since_ns = clock_.now();
    }
    talk.output_.clear();
    talk.sent_ = 0;
    return true;
}

bool ControlServer::gone(Client& client, short happened) {
    const Talk& talk = client.talk;
    const bool to_send = talk.sent_ < talk.output_.size();
    if (talk.ended_ && !to_send) return true;
    if ((happened & (POLLHUP | POLLERR)) != 0) return true;
    if (client.begun && !to_send) return false;
    const std::int64_t waited_ns = clock_.now() - client.since_ns;
    if (waited_ns < (client.begun ? read_deadline_ns : request_deadline_ns)) return false;
    logger_.warn("a client of the control socket is dropped: {}",
                 client.begun ? "it does not read its answer" : "it connected and asked for nothing");
    return true;
}

}  // namespace sluice
