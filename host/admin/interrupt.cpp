#include "admin/interrupt.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace sluice {

Interrupt::Interrupt() {
    sigset_t watched;
    ::sigemptyset(&watched);
    ::sigaddset(&watched, SIGINT);
    ::sigaddset(&watched, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &watched, &before_);
    descriptor_ = Descriptor(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Interrupt::~Interrupt() {
    if (descriptor_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int Interrupt::take() {
    signalfd_siginfo info{};
    if (::read(descriptor_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    return static_cast<int>(info.ssi_signo);
}

}  // namespace sluice
