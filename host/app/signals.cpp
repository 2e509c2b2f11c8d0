#include "app/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sluice {

Signals::Signals() {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, number);
    pthread_sigmask(SIG_BLOCK, &ours, nullptr);
    signals_ = ::signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
    news_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (signals_ < 0 || news_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd or eventfd");
}

Signals::~Signals() {
    ::close(signals_);
    ::close(news_);
}

Signals::Event Signals::wait(std::chrono::milliseconds at_most) {
    pollfd both[] = {{signals_, POLLIN, 0}, {news_, POLLIN, 0}};
    if (::poll(both, 2, static_cast<int>(at_most.count())) <= 0) return Event::timeout;
    signalfd_siginfo signal{};
    if (::read(signals_, &signal, sizeof signal) == sizeof signal)
        return signal.ssi_signo == SIGHUP ? Event::reload : Event::stop;
    std::uint64_t count = 0;
    if (::read(news_, &count, sizeof count) == sizeof count) return Event::news;
    return Event::timeout;
}

void Signals::notify() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the waiter is woken anyway.
    if (::write(news_, &one, sizeof one) < 0) return;
}

}  // namespace sluice
