// An exception leaves the entry.
#include <stdexcept>

#include "bad.h"

BAD_GOOD_MANIFEST;

sluice_status sluice_plugin_entry_v1(const sluice_hello*, sluice_reply*, sluice_fault*) {
    throw std::runtime_error("thrown by the entry");
}
