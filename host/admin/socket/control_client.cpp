#include "admin/socket/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>

#include "admin/enqueue_lines.hpp"
#include "text/json_read.hpp"

namespace sluice {
namespace {

constexpr std::size_t buffer_bytes = 256u << 10;
constexpr std::size_t answer_line_bytes = 512u << 20;  // a record of the largest message, escaped

class Converse {
public:
    Converse(int socket, std::string request, int input, const std::function<void(const Node&)>& line, Interrupt* interrupt)
        : socket_(socket),
          input_(input),
          interrupt_(interrupt),
          output_(std::move(request)),
          line_(line) {
        output_ += '\n';
    }

    Result<Answered> run() {
        for (;;) {
            const bool sends = sent_ < output_.size();
            pollfd polled[3] = {{socket_, static_cast<short>(POLLIN | (sends ? POLLOUT : 0)), 0},
                                {sends ? -1 : input_, POLLIN, 0},
                                {interrupt_ != nullptr && signal_ == 0 ? interrupt_->descriptor() : -1, POLLIN, 0}};
            const int count = ::poll(polled, 3, wait_ms());
            if (count < 0 && errno != EINTR) return gone();
            if (count <= 0 && signal_ != 0 && wait_ms() == 0) return interrupted({});
            if (count < 0) continue;
            if (polled[2].revents != 0) take_back();
            if ((polled[0].revents & POLLOUT) != 0) send();
            if (polled[1].revents != 0 && input_ >= 0) read_input();
            if (sent_ == output_.size() && input_ < 0 && !shut_) shut();
            if ((polled[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
            if (!receive()) return gone();
            if (std::optional<Answered> answered = take_lines()) return interrupted(std::move(*answered));
        }
    }

private:
    static Error gone() { return {ErrorKind::unavailable, "the host closed the connection before it had answered"}; }

    int wait_ms() const {
        if (signal_ == 0) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
        return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }

    // What is not sent stays behind, and a line that is sent in part is none.
    void take_back() {
        signal_ = interrupt_->take();
        if (signal_ == 0) return;
        until_ = std::chrono::steady_clock::now() + interrupt_patience;
        if (shut_) return;
        input_ = -1;
        output_.assign(1, enqueue_taken_back);
        sent_ = 0;
    }

    Answered interrupted(Answered answered) const {
        answered.interrupted = signal_;
        return answered;
    }

    void shut() {
        shut_ = true;
        ::shutdown(socket_, SHUT_WR);
    }

    void send() {
        const ssize_t size = ::send(socket_, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size >= 0) {
            sent_ += static_cast<std::size_t>(size);
        } else if (errno != EAGAIN && errno != EINTR) {  // it has ended the conversation: what it says counts
            sent_ = output_.size();
            input_ = -1;
            shut_ = true;
        }
    }

    void read_input() {
        output_.resize(buffer_bytes);
        const ssize_t size = ::read(input_, output_.data(), output_.size());
        const int error = errno;
        const bool again = size < 0 && (error == EAGAIN || error == EINTR);
        output_.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        sent_ = 0;
        if (size <= 0 && !again) input_ = -1;
        if (size < 0 && !again) input_error_ = error;
    }

    // What was read of an input that failed has been sent, and the answer tells what became of it; yet it is not all.
    void complain_of_input(Answered& answered) const {
        if (input_error_ == 0 || answered.exit != 0) return;
        answered.exit = 1;
        answered.error = input_error_ == EBADF ? "standard input is closed: give it the lines"
                         : input_error_ == EISDIR
                             ? "standard input is a folder: give it a file of lines"
                             : std::string("standard input cannot be read: ") + std::strerror(input_error_);
    }

    bool receive() {
        const std::size_t before = answer_.size();
        answer_.resize(before + buffer_bytes);
        const ssize_t size = ::recv(socket_, answer_.data() + before, buffer_bytes, MSG_DONTWAIT);
        const int error = errno;
        answer_.resize(before + (size > 0 ? static_cast<std::size_t>(size) : 0));
        if (answer_.size() > answer_line_bytes) return false;
        return size > 0 || (size < 0 && (error == EAGAIN || error == EINTR));
    }

    std::optional<Answered> take_lines() {
        std::size_t used = 0;
        for (std::size_t end; (end = answer_.find('\n', std::max(used, searched_))) != std::string::npos; used = end + 1) {
            Result<Node> read = read_json(std::string_view(answer_).substr(used, end - used));
            if (!read) return Answered{5, "the host's answer cannot be read: " + read.error().message, {}};
            if (!flag_of(*read, "end")) {
                line_(*read);
                continue;
            }
            Answered answered{static_cast<int>(integer_of(*read, "exit")), std::string(text_of(*read, "error")), {}};
            answered.last = std::move(*read);
            complain_of_input(answered);
            return answered;
        }
        answer_.erase(0, used);
        searched_ = answer_.size();
        return std::nullopt;
    }

    const int socket_;
    int input_;
    int input_error_ = 0;
    Interrupt* const interrupt_;
    int signal_ = 0;  // the interrupt has come
    std::chrono::steady_clock::time_point until_;
    std::string output_;
    std::size_t sent_ = 0;
    bool shut_ = false;
    std::string answer_;
    std::size_t searched_ = 0;  // there is no line end before it
    const std::function<void(const Node&)>& line_;
};

}  // namespace

Result<Answered> converse(const Descriptor& socket, const std::string& request, int input,
                          const std::function<void(const Node&)>& line, Interrupt* interrupt) {
    return Converse(socket.get(), request, input, line, interrupt).run();
}

}  // namespace sluice
