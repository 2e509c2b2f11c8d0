// SIGINT and SIGTERM as something to wait for, so that a verb can say how far it has come. A second one ends the process.
//
// Threads      one, which makes it before it starts others: they leave these signals to it.
#pragma once

#include <signal.h>

#include "core/descriptor.hpp"

namespace sluice {

class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    // Readable once a signal has come. -1: there was no descriptor left, and signals do what they always do.
    int descriptor() const { return descriptor_.get(); }
    // Its number; 0: none has come. From the first one on, signals do what they always do.
    int take();

private:
    sigset_t before_{};
    Descriptor descriptor_;
};

}  // namespace sluice
